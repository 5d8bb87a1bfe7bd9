/** A backup that an Update made before it changed anything. */
import { Text } from '@mantine/core';
import type { Update } from '../../../src/server/api/schemas.ts';
import { useText } from '../text/language.tsx';
import { Mark, wordFor } from './badges.tsx';
import { sayDuration, When } from './times.tsx';

const toneOf = { Running: 'busy', Completed: 'good', Failed: 'bad', Dropped: 'off' } as const;
const second = 1_000;

export function CheckpointView({ checkpoint }: { readonly checkpoint: NonNullable<Update['checkpoint']> }) {
  const text = useText();
  const { id, kind, state, startedAt, finishedAt, durationSeconds, sizeBytes, message, job, objects, volumes, velero } =
    checkpoint;
  const size = sizeBytes === undefined ? '' : text.update.sizeOf(saySize(sizeBytes));
  const snapshots = (volumes ?? []).map(({ snapshot }) => `VolumeSnapshot ${snapshot}`);
  const backup = velero && `Backup ${velero.namespace}/${velero.backup}`;
  const kept = [job && `Job ${job}`, ...snapshots, backup, objects && `Secret ${objects}`].filter(
    (one) => one !== undefined && one !== '',
  );
  return (
    <div>
      <Mark
        tone={toneOf[state]}
        text={`${id} (${text.update.checkpointKind[kind]}) ${wordFor(text.update.checkpointState, state)}${size}`}
      />
      <Text size="sm">
        <When at={finishedAt ?? startedAt} />
        {durationSeconds !== undefined && `, ${sayDuration(durationSeconds * second)}`}
        {kept.length > 0 && (
          <>
            {' · '}
            <bdi>{kept.join(', ')}</bdi>
          </>
        )}
      </Text>
      {message !== undefined && (
        <Text size="sm">
          <bdi>{message}</bdi>
        </Text>
      )}
    </div>
  );
}

/** `350 B`, `4.2 MB`: powers of ten, as disks are sold. */
function saySize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const amount = bytes / 1_000 ** power;
  return `${amount.toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
