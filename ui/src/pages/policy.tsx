/** A policy tried on tags, without any App. */
import { Button, Code, Group, Stack, Table, Text, Textarea, TextInput, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { send } from '../api/client.ts';
import { PageTitle } from '../parts/page-title.tsx';
import { ProblemNote } from '../parts/query-state.tsx';
import { useText } from '../text/language.tsx';

interface Outcome {
  readonly choice?: string;
  readonly rejected: readonly { readonly tag: string; readonly message: string }[];
  readonly unjudged: readonly string[];
}

const example = { policy: 'semver:\n  range: ">=1.0.0"', tags: '1.0.0\n1.2.0\n1.3.0-rc.1\nlatest', current: '1.0.0' };

export function PolicyPage() {
  const text = useText();
  const [input, setInput] = useState(example);
  const attempt = useMutation({
    mutationFn: () => {
      const tags = input.tags.split(/\s+/).filter((tag) => tag !== '');
      const current = input.current.trim();
      return send<Outcome>('POST', 'policies/try', { policy: input.policy, tags, ...(current !== '' && { current }) });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    attempt.mutate();
  };
  const set = (part: Partial<typeof example>) => setInput((before) => ({ ...before, ...part }));
  return (
    <>
      <PageTitle title={text.policy.title} lead={text.policy.lead} />
      <Group align="flex-start" gap="xl">
        <Stack component="form" onSubmit={submit} flex="1 1 20rem">
          <Textarea
            label={text.policy.policy}
            value={input.policy}
            onChange={({ currentTarget }) => set({ policy: currentTarget.value })}
            autosize
            minRows={4}
            required
          />
          <Textarea
            label={text.policy.tags}
            value={input.tags}
            onChange={({ currentTarget }) => set({ tags: currentTarget.value })}
            autosize
            minRows={6}
            maxRows={20}
          />
          <TextInput
            label={text.policy.current}
            value={input.current}
            onChange={({ currentTarget }) => set({ current: currentTarget.value })}
          />
          <Button type="submit" loading={attempt.isPending} style={{ alignSelf: 'flex-start' }}>
            {text.policy.run}
          </Button>
        </Stack>
        <Stack flex="1 1 20rem" aria-live="polite">
          {attempt.error && <ProblemNote error={attempt.error} />}
          {attempt.data && <OutcomeView outcome={attempt.data} />}
        </Stack>
      </Group>
    </>
  );
}

function OutcomeView({ outcome: { choice, rejected, unjudged } }: { readonly outcome: Outcome }) {
  const text = useText();
  return (
    <>
      <Title order={2} size="h4">
        {choice === undefined ? text.policy.nothing : text.policy.choice}{' '}
        {choice !== undefined && <Code>{choice}</Code>}
      </Title>
      {unjudged.length > 0 && <Text size="sm">{text.policy.unjudged(unjudged.join(', '))}</Text>}
      {rejected.length > 0 && (
        <Table aria-label={text.policy.others}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">{text.common.version}</Table.Th>
              <Table.Th scope="col">{text.common.reason}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rejected.map(({ tag, message }) => (
              <Table.Tr key={tag}>
                <Table.Td>
                  <bdi>{tag}</bdi>
                </Table.Td>
                <Table.Td>{message}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </>
  );
}
