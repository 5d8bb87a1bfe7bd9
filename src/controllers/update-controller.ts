/** One pass over one Update: take it as far as it goes, come back when it said so. */
import { advanceUpdate, release, type UpdateContext } from '../engine/update/advance-update.ts';
import type { ReconcileResult } from '../kube/controller.ts';
import { parseKey } from '../kube/objects.ts';
import { hasEnded } from '../resources/decode-update.ts';

/** @throws errors of the API server; API_CONFLICT when the watched copy was behind */
export async function reconcileUpdate(
  context: UpdateContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { namespace, name } = parseKey(key);
  const update = context.records.findUpdate(namespace, name);
  if (!update || update.metadata.deletionTimestamp !== undefined) {
    release(context, { metadata: { namespace, name } });
    return {};
  }
  if (hasEnded(update)) {
    return {};
  }
  const result = await advanceUpdate(context, update, signal);
  if (result.kind === 'Ended' || result.until === undefined) {
    return {};
  }
  return { requeueAfterMs: Math.max(0, result.until.getTime() - context.clock.now().getTime()) + 1 };
}
