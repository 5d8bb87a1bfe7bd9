/** Wariness between environments: the same versions must have proved themselves elsewhere before. Pure. */
import { formatDuration } from '../duration.ts';
import { joinSome } from '../text.ts';
import type { Waiting } from '../waiting.ts';

export interface Predecessor {
  /** The App's own when undefined. */
  readonly namespace: string | undefined;
  /** Undefined: every App with the labels. */
  readonly app: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** How long it must have run there. */
  readonly soakMs: number;
}

/** One App that goes before, as far as it concerns the versions in question. */
export interface PredecessorSight {
  /** `App staging/web` */
  readonly name: string;
  readonly soakMs: number;
  /** Versions that it does not run, or did not prove, with what is known of them; empty when it runs all of them. */
  readonly missing: readonly string[];
  /** Since when it runs all of them; undefined while something is missing. */
  readonly provedAt: Date | undefined;
}

/**
 * What is still to be waited for; undefined when the versions have soaked everywhere.
 *
 * @param unmatched what a predecessor is to be and no App is, as sentences: a wrong name must not open the gate
 */
export function judgePredecessors(
  seen: readonly PredecessorSight[],
  unmatched: readonly string[],
  now: Date,
): Waiting | undefined {
  const missing = [...unmatched, ...seen.flatMap(({ name, missing: parts }) => parts.map((part) => `${name} ${part}`))];
  if (missing.length > 0) {
    return { reason: 'Predecessor', message: joinSome(missing, '; ') };
  }
  const soaking = seen.flatMap(({ name, soakMs, provedAt }) => {
    const until = provedAt && new Date(provedAt.getTime() + soakMs);
    return until && now < until ? [{ until, text: `${name} must run it for ${formatDuration(soakMs)} first` }] : [];
  });
  const last = soaking.toSorted((one, other) => other.until.getTime() - one.until.getTime()).at(0);
  return (
    last && {
      reason: 'Predecessor',
      message: joinSome(
        soaking.map(({ text }) => text),
        '; ',
      ),
      until: last.until,
    }
  );
}
