/** What an Update can show for itself: the backup that was made before it, what its tests came to, what became of the data. */
import { Stack, Text } from '@mantine/core';
import type { Update } from '../../../src/server/api/schemas.ts';
import { Mark, wordFor } from '../parts/badges.tsx';
import { sayDuration, When } from '../parts/times.tsx';
import { useText } from '../text/language.tsx';

const toneOfCheckpoint = { Running: 'busy', Completed: 'good', Failed: 'bad', Dropped: 'off' } as const;
const toneOfVerdict = { Pass: 'good', Fail: 'bad', Inconclusive: 'wait' } as const;
const second = 1_000;

export function CheckpointView({ checkpoint }: { readonly checkpoint: NonNullable<Update['checkpoint']> }) {
  const text = useText();
  const { id, kind, state, startedAt, finishedAt, durationSeconds, sizeBytes, message } = checkpoint;
  return (
    <div>
      <Mark
        tone={toneOfCheckpoint[state]}
        text={`${id} (${kind}) ${wordFor(text.update.checkpointState, state)}${sizeBytes === undefined ? '' : text.update.sizeOf(saySize(sizeBytes))}`}
      />
      <Text size="sm">
        <When at={finishedAt ?? startedAt} />
        {durationSeconds !== undefined && `, ${sayDuration(durationSeconds * second)}`}
      </Text>
      {message !== undefined && (
        <Text size="sm">
          <bdi>{message}</bdi>
        </Text>
      )}
    </div>
  );
}

export function RestoredData({ data }: { readonly data: NonNullable<Update['dataRestore']> }) {
  const text = useText();
  return (
    <Text size="sm">
      {text.update.data}: {data.state} <bdi>{data.message}</bdi>
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

/** `350 bytes`, `4.2 MB`: powers of ten, as disks are sold. */
function saySize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const amount = bytes / 1_000 ** power;
  return `${amount.toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
