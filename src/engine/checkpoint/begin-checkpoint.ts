/** Whether an Update makes a checkpoint, takes over one, or lets go of one that it has begun. */
import type { StoppedWorkload } from '../../core/checkpoint/checkpoint.ts';
import type { Journal } from '../../core/update/journal.ts';
import { journalOf } from '../../resources/update/decode-update.ts';
import type { Work } from '../deploy/deployer.ts';
import type { CheckpointContext } from './checkpoint-context.ts';
import { dropData } from './keepers.ts';

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
    const kept = records.findUpdate(update.metadata.namespace, restore.update)?.status?.checkpoint;
    return { dataRestore: { state: 'Agreed', update: kept?.id ?? restore.update, by: update.spec.trigger.by } };
  }
  const former = supersedes === undefined ? undefined : records.findUpdate(update.metadata.namespace, supersedes);
  const journal = former && journalOf(former, clock.now());
  return journal?.checkpoint?.state === 'Completed'
    ? { checkpoint: journal.checkpoint, ran: journal.ran ?? false }
    : undefined;
}

/**
 * What the Update before left scaled to zero, because it could not bring the data back: this one lets it run again when it has put
 * something in place that may.
 */
export function inheritStopped(
  { records }: Pick<CheckpointContext, 'records'>,
  { update }: Work,
): { readonly stopped?: readonly StoppedWorkload[] } {
  const { namespace, name } = update.metadata;
  const before = records.listUpdates(namespace, update.spec.app).find(({ metadata }) => metadata.name !== name);
  const stopped = before?.status?.stopped;
  return stopped === undefined ? {} : { stopped };
}

/** One that is not complete is of no use once its Update has ended. */
export async function abandonCheckpoint(
  context: CheckpointContext,
  { journal, update }: Work,
  signal: AbortSignal,
): Promise<void> {
  const { checkpoint } = journal;
  if (checkpoint?.state === 'Running' || (checkpoint?.state === 'Failed' && checkpoint.job === undefined)) {
    await dropData(context, update.metadata.namespace, checkpoint, signal);
  }
}
