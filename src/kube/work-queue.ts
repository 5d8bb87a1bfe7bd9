/**
 * Keys waiting for work, as in client-go's rate-limited queue.
 *
 * A key waits at most once however often it is added; it is never with two workers; one that is added while it is
 * being worked on comes again afterwards. Order is first in, first out. `addAfter` keeps the earliest time of a key.
 */
import { invariant } from '../core/errors.ts';
import { type BackoffOptions, backoffMs, type Clock, type Random, systemClock } from './clock.ts';
import { DueTimes } from './due-times.ts';

export interface WorkQueue {
  /** Makes the key ready now. */
  add(key: string): void;
  /** Makes the key ready in `ms`, unless it is due sooner already. */
  addAfter(key: string, ms: number): void;
  /** After a failure: makes the key ready after a delay that doubles with each retry since the last `forget`. Answers the delay in ms. */
  retry(key: string): number;
  /** After a success: the next failure starts with the shortest delay again. */
  forget(key: string): void;
  /** The next ready key, which the caller must give back with `done`. Undefined once the signal is aborted. */
  take(signal: AbortSignal): Promise<string | undefined>;
  done(key: string): void;
  /** Whether the key is ready or with a worker; being due later does not count. */
  has(key: string): boolean;
  /** Resolves when no key is ready and none is with a worker; those due later do not count. */
  idle(): Promise<void>;
  stats(): WorkQueueStats;
  /** Ends the timer of delayed keys; they never become ready. For the end of the program. */
  close(): void;
}

export interface WorkQueueStats {
  readonly ready: number;
  readonly delayed: number;
  readonly busy: number;
  /** Keys that failed and were not forgotten since. */
  readonly failing: number;
  /** How long the key at the front has been ready; 0 when none is. */
  readonly oldestReadyMs: number;
}

export interface WorkQueueOptions {
  readonly clock?: Clock;
  readonly random?: Random;
  /** Of `retry`. Default 1 s doubling to 5 min. */
  readonly backoff?: BackoffOptions;
  /** Told how long each key had been ready when a worker took it. */
  readonly onTake?: (key: string, waitedMs: number) => void;
}

export function createWorkQueue(options: WorkQueueOptions = {}): WorkQueue {
  return new KeyedQueue(options);
}

const defaultBackoff: BackoffOptions = { baseMs: 1_000, maxMs: 300_000 };

class KeyedQueue implements WorkQueue {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #backoff: BackoffOptions;
  readonly #onTake: ((key: string, waitedMs: number) => void) | undefined;
  /** Key -> since when it is ready. A Map keeps the order of arrival. */
  readonly #ready = new Map<string, number>();
  readonly #busy = new Set<string>();
  /** Added while busy -> since when. */
  readonly #again = new Map<string, number>();
  readonly #delayed = new DueTimes();
  readonly #attempts = new Map<string, number>();
  readonly #takers = new Set<() => void>();
  readonly #idlers = new Set<() => void>();
  #isClosed = false;
  #timer: { readonly dueMs: number; readonly cancel: () => void } | undefined;

  constructor(options: WorkQueueOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#backoff = options.backoff ?? defaultBackoff;
    this.#onTake = options.onTake;
  }

  add(key: string): void {
    const nowMs = this.#clock.monotonicMs();
    if (this.#busy.has(key)) {
      if (!this.#again.has(key)) {
        this.#again.set(key, nowMs);
      }
    } else if (!this.#ready.has(key)) {
      this.#ready.set(key, nowMs);
      this.#wakeTaker();
    }
  }

  addAfter(key: string, ms: number): void {
    invariant(!Number.isNaN(ms), `add ${key} to the queue: delay is NaN`);
    if (ms <= 0) {
      this.add(key);
      return;
    }
    this.#delayed.setEarlier(key, this.#clock.monotonicMs() + ms);
    this.#setTimer();
  }

  retry(key: string): number {
    const attempt = this.#attempts.get(key) ?? 0;
    this.#attempts.set(key, attempt + 1);
    const ms = backoffMs(attempt, this.#backoff, this.#random);
    this.addAfter(key, ms);
    return ms;
  }

  forget(key: string): void {
    this.#attempts.delete(key);
  }

  async take(signal: AbortSignal): Promise<string | undefined> {
    while (!signal.aborted) {
      for (const [key, sinceMs] of this.#ready) {
        this.#ready.delete(key);
        this.#busy.add(key);
        this.#onTake?.(key, this.#clock.monotonicMs() - sinceMs);
        return key;
      }
      await this.#untilReady(signal);
    }
    // A wake-up that came together with the abort belongs to the next worker.
    this.#wakeTaker();
    return undefined;
  }

  done(key: string): void {
    this.#busy.delete(key);
    const sinceMs = this.#again.get(key);
    if (sinceMs !== undefined) {
      this.#again.delete(key);
      this.#ready.set(key, sinceMs);
      this.#wakeTaker();
    }
    this.#wakeIdlers();
  }

  has(key: string): boolean {
    return this.#busy.has(key) || this.#ready.has(key);
  }

  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idlers.add(resolve);
      this.#wakeIdlers();
    });
  }

  stats(): WorkQueueStats {
    const [oldest] = this.#ready.values();
    return {
      ready: this.#ready.size,
      delayed: this.#delayed.size,
      busy: this.#busy.size,
      failing: this.#attempts.size,
      oldestReadyMs: oldest === undefined ? 0 : this.#clock.monotonicMs() - oldest,
    };
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #untilReady(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#takers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#takers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #wakeTaker(): void {
    if (this.#ready.size > 0) {
      const [wake] = this.#takers;
      wake?.();
    }
  }

  #wakeIdlers(): void {
    if (this.#ready.size > 0 || this.#busy.size > 0) {
      return;
    }
    for (const resolve of this.#idlers) {
      this.#idlers.delete(resolve);
      resolve();
    }
  }

  /** One timer, for the earliest key; none while nothing is delayed. */
  #setTimer(): void {
    const dueMs = this.#delayed.earliest();
    if (this.#isClosed || dueMs === this.#timer?.dueMs) {
      return;
    }
    this.#timer?.cancel();
    this.#timer = undefined;
    if (dueMs !== undefined) {
      const cancel = this.#clock.schedule(dueMs - this.#clock.monotonicMs(), () => this.#promoteDue());
      this.#timer = { dueMs, cancel };
    }
  }

  #promoteDue(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.monotonicMs();
    for (let key = this.#delayed.take(nowMs); key !== undefined; key = this.#delayed.take(nowMs)) {
      this.add(key);
    }
    this.#setTimer();
  }
}
