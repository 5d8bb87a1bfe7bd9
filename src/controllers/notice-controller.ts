/** One pass over what there is to tell in one namespace. */
import { isOperationError } from '../core/errors.ts';
import { type NotifyContext, tellNamespace } from '../engine/notify/tell-namespace.ts';
import type { ReconcileResult } from '../kube/controller.ts';

/** @throws errors of the API server */
export async function reconcileNotices(
  context: NotifyContext,
  namespace: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  try {
    const next = await tellNamespace(context, namespace, signal);
    return next === undefined
      ? {}
      : { requeueAfterMs: Math.max(0, next.getTime() - context.clock.now().getTime()) + 1 };
  } catch (error) {
    // Somebody else wrote the outbox: what is known of it is of no use.
    if (isOperationError(error, 'API_CONFLICT')) {
      context.knownOutboxes.delete(namespace);
    }
    throw error;
  }
}
