/** One pass over one Update: take it as far as it goes, come back when it said so. */
import { isOperationError, isWriteConflict } from '../core/errors.ts';
import { advanceUpdate, release, type UpdateContext } from '../engine/update/advance-update.ts';
import type { ReconcileResult } from '../kube/controller.ts';
import { parseKey } from '../kube/objects.ts';
import { hasEnded, type UpdateObjectWire } from '../resources/update/decode-update.ts';

export interface UpdateControllerContext extends UpdateContext {
  /** Begins a pass of an Update of an App (`namespace/name`); the answer ends it. Undefined: another replica has it. */
  readonly enter: (app: string) => (() => void) | undefined;
}

/** @throws errors of the API server; API_CONFLICT when the watched copy was behind */
export async function reconcileUpdate(
  context: UpdateControllerContext,
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
  const leave = context.enter(`${namespace}/${update.spec.app}`);
  if (leave === undefined) {
    // It may have been ours before.
    release(context, update);
    return {};
  }
  try {
    return await advance(context, update, signal);
  } catch (error) {
    if (isOperationError(error) && !isWriteConflict(error)) {
      context.listener.passFailed?.(update, error);
    }
    throw error;
  } finally {
    leave();
  }
}

async function advance(
  context: UpdateContext,
  update: UpdateObjectWire,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const result = await advanceUpdate(context, update, signal);
  if (result.kind === 'Ended' || result.until === undefined) {
    return {};
  }
  return { requeueAfterMs: Math.max(0, result.until.getTime() - context.clock.now().getTime()) + 1 };
}
