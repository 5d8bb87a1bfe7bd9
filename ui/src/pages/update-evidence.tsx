/** What an Update can show for itself: what its tests came to, what became of the data. */
import { Stack, Text } from '@mantine/core';
import type { Update } from '../../../src/server/api/schemas.ts';
import { Mark, wordFor } from '../parts/badges.tsx';
import { useText } from '../text/language.tsx';

const toneOfVerdict = { Pass: 'good', Fail: 'bad', Inconclusive: 'wait' } as const;

export function RestoredData({ data }: { readonly data: NonNullable<Update['dataRestore']> }) {
  const text = useText();
  return (
    <Text size="sm">
      {text.update.data}: {wordFor(text.update.dataState, data.state)} <bdi>{data.message}</bdi>
    </Text>
  );
}

export function TestList({ tests }: { readonly tests: Update['tests'] }) {
  const text = useText();
  return (
    <Stack component="ul" gap="xs" m={0} p={0} style={{ listStyle: 'none' }}>
      {tests.map(({ name, verdict, message, attempts, passed }) => (
        <li key={name}>
          <Mark
            tone={verdict === undefined ? 'busy' : toneOfVerdict[verdict]}
            text={`${name}: ${verdict === undefined ? text.update.testRuns : wordFor(text.update.verdict, verdict)}`}
          />
          <Text size="sm">
            {text.update.attempts(passed, attempts)}. <bdi>{message}</bdi>
          </Text>
        </li>
      ))}
    </Stack>
  );
}
