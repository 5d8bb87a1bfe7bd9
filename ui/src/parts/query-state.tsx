/** What is shown while something is asked for, and when it could not be had. */
import { Alert, Button, Center, Loader, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { ApiProblem } from '../api/client.ts';
import type { Catalogue } from '../text/en.ts';
import { useText } from '../text/language.tsx';

interface Asked<T> {
  readonly data: T | undefined;
  readonly error: Error | null;
  readonly refetch: () => unknown;
}

export function QueryState<T>({
  query,
  children,
}: {
  readonly query: Asked<T>;
  readonly children: (data: T) => ReactNode;
}) {
  const text = useText();
  // What was known stays on the page; a lost connection is told of in the header.
  if (query.data !== undefined) {
    return children(query.data);
  }
  if (query.error) {
    return <ProblemNote error={query.error} onRetry={() => void query.refetch()} />;
  }
  return (
    <Center mih={160}>
      <Loader aria-label={text.common.loading} />
    </Center>
  );
}

export function ProblemNote({ error, onRetry }: { readonly error: Error; readonly onRetry?: () => void }) {
  const text = useText();
  return (
    <Alert color="red" variant="outline" title={text.error.title} role="alert">
      <Stack align="flex-start" gap="xs">
        <Text size="sm">{sayProblem(error, text)}</Text>
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {text.common.retry}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

/** What the server says; where it says nothing of use, what it means. */
function sayProblem(error: Error, text: Catalogue): string {
  if (!(error instanceof ApiProblem)) {
    return text.error.unreachable;
  }
  switch (error.code) {
    case 'forbidden':
      return `${text.error.forbidden} ${error.message}`;
    case 'not-found':
      return text.error.notFound;
    default:
      return error.message;
  }
}
