/** What bringing back claims has in common, whoever keeps their data. */
import { formatDuration } from '../../core/duration.ts';
import { joinSome } from '../../core/text.ts';
import type { Work } from '../deploy/deployer.ts';
import type { CheckpointContext } from './checkpoint-context.ts';
import type { BringAnswer, Restoring } from './data-keeper.ts';

/** Goes on, and gives up what is still busy when the time of the backup is over. */
export async function bringBackInTime(
  restoring: Restoring,
  goOn: (restoring: Restoring) => Promise<BringAnswer>,
): Promise<BringAnswer> {
  const { context, backup, until } = restoring;
  const answer = await goOn(restoring);
  if (answer.kind === 'Busy' && context.clock.now() >= until) {
    const why = `it is not back after ${formatDuration(backup.timeoutMs)} (spec.backup.timeout): ${answer.message}`;
    return { kind: 'Failed', why, again: false };
  }
  return answer;
}

/** The checkpoint of the Update `id`, which may be the one that goes back; undefined when its record is gone. */
export function checkpointOf({ records }: CheckpointContext, { journal, update }: Work, id: string) {
  const own = journal.checkpoint?.id === id ? journal.checkpoint : undefined;
  return own ?? records.findUpdate(update.metadata.namespace, id)?.status?.checkpoint;
}

/** Where the broken volumes are kept; '' when there are none. */
export function sayBroken(kept: readonly { readonly brokenClaim: string }[]): string {
  const names = kept.map(({ brokenClaim }) => brokenClaim);
  return names.length === 0
    ? ''
    : `what the bad version left is kept until somebody deletes PersistentVolumeClaim ${joinSome(names, ', ')}`;
}
