/** How many checkpoints an App keeps, and for how long. */
import { chooseExpired, type KeptCheckpoint } from '../../core/checkpoint/checkpoint.ts';
import { noted } from '../../core/update/transitions.ts';
import { type AppObjectWire, readAppSpec } from '../../resources/decode-app.ts';
import { hasEnded, journalOf, type UpdateObjectWire } from '../../resources/decode-update.ts';
import type { CheckpointContext } from './checkpoint-context.ts';

/** The complete checkpoints of an App's Updates, in their order; one that a later Update took over counts once. */
export function keptCheckpoints(updates: readonly UpdateObjectWire[]): readonly KeptCheckpoint[] {
  return updates.flatMap(({ metadata, status }) => {
    const { checkpoint } = status ?? {};
    if (checkpoint?.state !== 'Completed' || checkpoint.finishedAt === undefined || checkpoint.id !== metadata.name) {
      return [];
    }
    const { finishedAt, expiresAt } = checkpoint;
    const expires = expiresAt === undefined ? undefined : new Date(expiresAt);
    return [{ update: metadata.name, finishedAt: new Date(finishedAt), expiresAt: expires }];
  });
}

/** Whether the Update has to be kept, as its checkpoint is in its record. */
export function holdsCheckpoint({ status }: UpdateObjectWire): boolean {
  return status?.checkpoint?.state === 'Completed';
}

/** Deletes the checkpoints that may go, while no Update of the App is under way; costs nothing when there is none. */
export async function retainCheckpoints(
  context: Pick<CheckpointContext, 'records' | 'checkpoints' | 'clock'>,
  app: AppObjectWire,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name } = app.metadata;
  const spec = readAppSpec(app);
  const updates = context.records.listUpdates(namespace, name);
  const keep = spec.kind === 'Valid' ? spec.value.backup?.keep : undefined;
  if (keep === undefined || updates.some((update) => !hasEnded(update))) {
    return;
  }
  const expired = chooseExpired(keptCheckpoints(updates), keep, context.clock.now());
  for (const { update: id } of expired) {
    const update = updates.find(({ metadata }) => metadata.name === id);
    const journal = update && journalOf(update, context.clock.now());
    if (update && journal?.checkpoint) {
      await context.checkpoints.dropObjects(update.metadata, signal);
      const dropped = noted(journal, { checkpoint: { ...journal.checkpoint, state: 'Dropped' } });
      await context.records.writeJournal(update, dropped, signal);
    }
  }
}
