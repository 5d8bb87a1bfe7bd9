/** How many checkpoints an App keeps, and for how long. */
import { chooseExpired } from '../../core/checkpoint/checkpoint.ts';
import { isUnderWay } from '../../core/drill/drill.ts';
import { noted } from '../../core/update/transitions.ts';
import { type AppObjectWire, readAppSpec } from '../../resources/app/decode-app.ts';
import { drillOf } from '../../resources/checkpoint/drill-codec.ts';
import { hasEnded, journalOf } from '../../resources/update/decode-update.ts';
import type { CheckpointContext } from './checkpoint-context.ts';
import { dropData } from './keepers.ts';
import { keptCheckpoints } from './kept-checkpoints.ts';

/** Deletes the checkpoints that may go, while no Update of the App is under way and no drill; costs nothing when there is none. */
export async function retainCheckpoints(
  context: CheckpointContext,
  app: AppObjectWire,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name } = app.metadata;
  const spec = readAppSpec(app);
  const updates = context.records.listUpdates(namespace, name);
  const keep = spec.kind === 'Valid' ? spec.value.backup?.keep : undefined;
  const isTried = isUnderWay(drillOf(app));
  if (keep === undefined || isTried || updates.some((update) => !hasEnded(update))) {
    return;
  }
  const expired = chooseExpired(keptCheckpoints(updates), keep, context.clock.now());
  for (const { update: id } of expired) {
    const update = updates.find(({ metadata }) => metadata.name === id);
    const journal = update && journalOf(update, context.clock.now());
    if (update && journal?.checkpoint) {
      await dropData(context, namespace, journal.checkpoint, signal);
      await context.checkpoints.dropObjects(update.metadata, signal);
      const dropped = noted(journal, { checkpoint: { ...journal.checkpoint, state: 'Dropped' } });
      await context.records.writeJournal(update, dropped, signal);
    }
  }
}
