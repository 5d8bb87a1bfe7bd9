/** Scratch namespaces that nobody needs any more: their Channel is gone, or its trial, or their time is up. */
import { isOperationError } from '../core/errors.ts';
import { type SweepContext, sweepScratch } from '../engine/candidate/sweep-scratch.ts';
import type { ReconcileResult } from '../kube/controller.ts';

/** The one key: all of them at once. */
export const allScratchSpaces = 'scratch/all';

/** @throws errors of the API server */
export async function reconcileScratch(context: SweepContext, signal: AbortSignal): Promise<ReconcileResult> {
  try {
    const again = await sweepScratch(context, signal);
    return again === undefined
      ? {}
      : { requeueAfterMs: Math.max(0, again.getTime() - context.clock.now().getTime()) + 1 };
  } catch (error) {
    // Who may not see namespaces has made none.
    if (isOperationError(error, 'API_FORBIDDEN')) {
      return {};
    }
    throw error;
  }
}
