/** Patience after an Update that failed for a reason outside its version: trying again at once would fail again. */
import type { UpdatePhase } from './journal.ts';
import type { VersionChange } from './version-change.ts';

export interface PastUpdate {
  readonly name: string;
  readonly phase: UpdatePhase;
  readonly changes: readonly VersionChange[];
  readonly finishedAt: Date | undefined;
  readonly message: string;
}

export interface Hold {
  readonly until: Date;
  readonly message: string;
}

const firstHoldMs = 10 * 60_000;
const longestHoldMs = 24 * 3_600_000;

/**
 * Until when the same change must not be tried again; undefined when it may be tried now.
 *
 * The time doubles with each failure in a row of the same versions, from 10 minutes to a day.
 *
 * @param past Updates of the App, newest first
 */
export function findHold(past: readonly PastUpdate[], changes: readonly VersionChange[], now: Date): Hold | undefined {
  const firstOther = past.findIndex((update) => update.phase !== 'Failed' || !sameTargets(update.changes, changes));
  const failures = firstOther === -1 ? past : past.slice(0, firstOther);
  const [last] = failures;
  if (last?.finishedAt === undefined) {
    return undefined;
  }
  const holdMs = Math.min(longestHoldMs, firstHoldMs * 2 ** (failures.length - 1));
  const until = new Date(last.finishedAt.getTime() + holdMs);
  return now < until
    ? { until, message: `Update ${last.name} to the same version failed: ${last.message}` }
    : undefined;
}

function sameTargets(left: readonly VersionChange[], right: readonly VersionChange[]): boolean {
  return (
    left.length === right.length &&
    left.every((one) => right.some((other) => other.source === one.source && other.to.digest === one.to.digest))
  );
}
