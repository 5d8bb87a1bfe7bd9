/** Whether an Update makes a checkpoint, takes over one, or lets go of one that it has begun. */
import type { Journal } from '../../core/update/journal.ts';
import { journalOf } from '../../resources/decode-update.ts';
import type { Work } from '../deploy/deployer.ts';
import type { CheckpointContext } from './checkpoint-context.ts';

/** A person who goes back is not held up by a backup of what is to be left. */
export function needsCheckpoint({ update, spec }: Work): boolean {
  return spec?.backup !== undefined && update.spec.trigger.kind !== 'Rollback';
}

/**
 * The checkpoint that an Update goes back to which it did not make: that of the Update that it supersedes, whose version never proved
 * itself but may have written; or the one that a person asked for.
 */
export function inheritCheckpoint(
  { records, clock }: Pick<CheckpointContext, 'records' | 'clock'>,
  { update }: Work,
): Partial<Pick<Journal, 'checkpoint' | 'ran' | 'dataRestore'>> | undefined {
  const { supersedes, restore } = update.spec;
  if (restore?.data === true) {
    return { dataRestore: { state: 'Agreed', update: restore.update, by: update.spec.trigger.by } };
  }
  const former = supersedes === undefined ? undefined : records.findUpdate(update.metadata.namespace, supersedes);
  const journal = former && journalOf(former, clock.now());
  return journal?.checkpoint?.state === 'Completed'
    ? { checkpoint: journal.checkpoint, ran: journal.ran ?? false }
    : undefined;
}

/** One that is not complete is of no use once its Update has ended. */
export async function abandonCheckpoint(
  { jobs }: Pick<CheckpointContext, 'jobs'>,
  { journal, update }: Work,
  signal: AbortSignal,
): Promise<void> {
  const { checkpoint } = journal;
  if (checkpoint?.state === 'Running' && checkpoint.job !== undefined) {
    await jobs.delete({ namespace: update.metadata.namespace, name: checkpoint.job }, signal);
  }
}
