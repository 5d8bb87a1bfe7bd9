/** The heading of a page; it is the title of the window too, and takes the focus when the page comes, so that a screen reader says it. */
import { Group, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';
import { useText } from '../text/language.tsx';

interface PageTitleProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly actions?: ReactNode;
}

export function PageTitle({ title, lead, actions }: PageTitleProps) {
  const { product } = useText();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · ${product}`;
    heading.current?.focus({ preventScroll: true });
  }, [title, product]);
  return (
    <Group justify="space-between" align="flex-start" mb="md" gap="sm">
      <Stack gap={4}>
        <Title order={1} size="h2" ref={heading} tabIndex={-1} style={{ outline: 'none' }}>
          <bdi>{title}</bdi>
        </Title>
        {lead !== undefined && (
          <Text component="div" size="sm">
            {lead}
          </Text>
        )}
      </Stack>
      {actions}
    </Group>
  );
}
