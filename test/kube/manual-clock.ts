/** A clock for tests that stands still until it is told to move. */
import type { Clock } from '../../src/kube/clock.ts';

export interface ManualClock extends Clock {
  /** Moves on by `ms` and runs what falls due, in order of time, letting promises settle after each step. */
  advance(ms: number): Promise<void>;
  /** Number of timers that wait. */
  readonly timers: number;
  /** Until the next timer falls due; undefined when none waits. */
  readonly nextDueInMs: number | undefined;
}

/** Starts at `start` (wall) and 0 (monotonic). */
export function createManualClock(start: Date = new Date('2026-01-01T00:00:00Z')): ManualClock {
  let elapsedMs = 0;
  const timers = new Set<{ readonly dueMs: number; readonly callback: () => void }>();

  function nextDue(untilMs: number) {
    const due = [...timers].filter((timer) => timer.dueMs <= untilMs);
    return due.sort((a, b) => a.dueMs - b.dueMs)[0];
  }

  return {
    now: () => new Date(start.getTime() + elapsedMs),
    monotonicMs: () => elapsedMs,
    schedule(ms, callback) {
      const timer = { dueMs: elapsedMs + Math.max(0, ms), callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(ms) {
      const untilMs = elapsedMs + ms;
      await settle();
      for (let timer = nextDue(untilMs); timer !== undefined; timer = nextDue(untilMs)) {
        timers.delete(timer);
        elapsedMs = timer.dueMs;
        timer.callback();
        await settle();
      }
      elapsedMs = untilMs;
      await settle();
    },
    get timers() {
      return timers.size;
    },
    get nextDueInMs() {
      const next = nextDue(Number.POSITIVE_INFINITY);
      return next && Math.max(0, next.dueMs - elapsedMs);
    },
  };
}

/** Lets all promise callbacks run that are ready now. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
