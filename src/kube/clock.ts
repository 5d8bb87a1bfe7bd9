/**
 * Time and chance as arguments, so that tests can replay both.
 *
 * Durations are measured on `monotonicMs` alone; the wall clock is only written into objects for people to read.
 */

export interface Clock {
  /** Wall time. */
  now(): Date;
  /** Milliseconds since some fixed point; never goes back, and goes on while the process is stopped (SIGSTOP). */
  monotonicMs(): number;
  /** Calls back once after `ms`. The answer cancels, and may be called at any time. */
  schedule(ms: number, callback: () => void): () => void;
}

/** A number in [0, 1). */
export type Random = () => number;

/** Longest delay that setTimeout takes; a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  schedule(ms, callback) {
    const timer = setTimeout(callback, Math.min(Math.max(0, ms), longestTimerMs));
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or at once when the signal is aborted: the caller's loop looks at the signal anyway. */
export function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.schedule(ms, end);
    signal.addEventListener('abort', end, { once: true });
  });
}

/** `ms` moved by up to `share` of itself in either direction, so that many clients do not act in step. */
export function jitter(ms: number, share: number, random: Random): number {
  return ms * (1 + share * (2 * random() - 1));
}

export interface BackoffOptions {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** Delay before attempt `attempt + 1` (0 for the first failure): doubles up to `maxMs`, then +-20 %. */
export function backoffMs(attempt: number, options: BackoffOptions, random: Random): number {
  const doublings = Math.min(attempt, 40);
  return jitter(Math.min(options.baseMs * 2 ** doublings, options.maxMs), 0.2, random);
}

/** MicroTime of apimachinery: six digits after the second. */
export function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}
