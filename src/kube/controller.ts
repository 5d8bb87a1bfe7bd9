/**
 * Workers that bring keys to their wanted state, one worker a key (the contract of controller-runtime).
 *
 * A reconcile is given a key and nothing else, reads the present state, and answers when it wants to come again. It is
 * called again after any interruption, so that it must be safe to repeat. What an error means is decided in one place,
 * `onError`, which also logs it.
 */
import { type Clock, systemClock } from './clock.ts';
import { createWorkQueue, type WorkQueue, type WorkQueueStats } from './work-queue.ts';

export interface ReconcileResult {
  /** Come again after this, even when nothing has changed. */
  readonly requeueAfterMs?: number;
}

/** `backoff`: again after a growing delay. `drop`: only when the key is enqueued again. */
export type ErrorDecision = 'backoff' | 'drop' | { readonly afterMs: number };

export interface ControllerOptions {
  readonly name: string;
  readonly concurrency: number;
  /** The signal is aborted when the controller stops. */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<ReconcileResult>;
  /** Not called for what is thrown after the controller was told to stop. Should not throw: that ends the process as an uncaught exception. */
  readonly onError: (key: string, error: unknown) => ErrorDecision;
  readonly signal: AbortSignal;
  readonly queue?: WorkQueue;
  readonly clock?: Clock;
  /** Told of each finished reconcile, just before its worker takes the next key. */
  readonly onReconciled?: (key: string, outcome: 'done' | 'failed', durationMs: number) => void;
}

export interface Controller {
  readonly name: string;
  enqueue(key: string): void;
  enqueueAfter(key: string, ms: number): void;
  /** Whether a worker has the key, or will have it as soon as one is free. */
  isBusyWith(key: string): boolean;
  /** Resolves when no key is ready and no worker is busy. Keys that are due later do not count. */
  idle(): Promise<void>;
  stats(): WorkQueueStats;
  /** Resolves after the signal was aborted and every worker has returned. */
  readonly stopped: Promise<void>;
}

/** Starts `concurrency` workers at once. */
export function startController(options: ControllerOptions): Controller {
  const clock = options.clock ?? systemClock;
  const queue = options.queue ?? createWorkQueue({ clock });
  const workers = Array.from({ length: options.concurrency }, () => work(options, queue, clock));
  return {
    name: options.name,
    enqueue: (key) => queue.add(key),
    enqueueAfter: (key, ms) => queue.addAfter(key, ms),
    isBusyWith: (key) => queue.has(key),
    idle: () => queue.idle(),
    stats: () => queue.stats(),
    stopped: Promise.all(workers).then(() => queue.close()),
  };
}

async function work(options: ControllerOptions, queue: WorkQueue, clock: Clock): Promise<void> {
  for (;;) {
    const key = await queue.take(options.signal);
    if (key === undefined) {
      return;
    }
    const startedAtMs = clock.monotonicMs();
    const outcome = await reconcileOnce(options, queue, key);
    options.onReconciled?.(key, outcome, clock.monotonicMs() - startedAtMs);
    queue.done(key);
  }
}

async function reconcileOnce(options: ControllerOptions, queue: WorkQueue, key: string): Promise<'done' | 'failed'> {
  try {
    const { requeueAfterMs } = await options.reconcile(key, options.signal);
    queue.forget(key);
    if (requeueAfterMs !== undefined) {
      queue.addAfter(key, requeueAfterMs);
    }
    return 'done';
  } catch (error) {
    if (!options.signal.aborted) {
      reschedule(queue, key, decide(options, key, error));
    }
    return 'failed';
  }
}

function decide(options: ControllerOptions, key: string, error: unknown): ErrorDecision {
  try {
    return options.onError(key, error);
  } catch (thrown) {
    queueMicrotask(() => {
      throw thrown;
    });
    return 'backoff';
  }
}

function reschedule(queue: WorkQueue, key: string, decision: ErrorDecision): void {
  if (decision === 'backoff') {
    queue.retry(key);
  } else if (decision === 'drop') {
    queue.forget(key);
  } else {
    queue.forget(key);
    queue.addAfter(key, decision.afterMs);
  }
}
