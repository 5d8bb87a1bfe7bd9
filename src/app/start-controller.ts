/** A controller whose passes are counted, timed and told, and begin when the watches are synced. */
import { outcomeOf } from '../controllers/outcome.ts';
import type { Clock } from '../kube/clock.ts';
import { type Controller, type ReconcileResult, startController } from '../kube/controller.ts';
import { createWorkQueue } from '../kube/work-queue.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { untilAborted } from './until-aborted.ts';

export interface Common {
  readonly options: {
    readonly log: Logger;
    readonly metrics: Metrics;
    readonly signal: AbortSignal;
    readonly clock: Clock;
  };
  readonly synced: Promise<unknown>;
  /** Whether another replica does this work, so that what waits here waits for nothing; never when absent. */
  readonly standsBy?: () => boolean;
}

export function start(
  { options, synced, standsBy, onEnd }: Common & { readonly onEnd?: (key: string) => void },
  name: string,
  concurrency: number,
  pass: (key: string, signal: AbortSignal) => Promise<ReconcileResult>,
): Controller {
  const { log, metrics, signal, clock } = options;
  const controller = startController({
    name,
    concurrency,
    signal,
    clock,
    queue: createWorkQueue({
      clock,
      onTake: (_, waitedMs) => metrics.queueWait.observe({ controller: name }, waitedMs / 1_000),
    }),
    reconcile: async (key, inner) => {
      await synced;
      inner.throwIfAborted();
      return await pass(key, inner);
    },
    onError: outcomeOf(log, name),
    onReconciled: (key, result, durationMs) => {
      metrics.reconciles.inc({ controller: name, result });
      metrics.reconcileSeconds.observe({ controller: name }, durationMs / 1_000);
      onEnd?.(key);
    },
  });
  metrics.observeQueue(name, () => (standsBy?.() === true ? 0 : controller.stats().ready));
  return controller;
}

/** Passes that are under way or about to be. */
export function countPasses(controllers: readonly Controller[]): number {
  const all = controllers.map((controller) => controller.stats());
  return all.reduce((sum, { ready, busy }) => sum + ready + busy, 0);
}

/** Resolves when the signal was aborted and every pass under way has ended. */
export async function untilStopped(controllers: readonly Controller[], signal: AbortSignal): Promise<void> {
  await Promise.all([...controllers.map(({ stopped }) => stopped), untilAborted(signal)]);
}
