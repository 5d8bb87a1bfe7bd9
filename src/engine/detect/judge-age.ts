/** Whether a version has been known for as long as its policy asks. */
import { formatDuration } from '../../core/duration.ts';
import type { FirstSeen, Requirements } from '../../core/policy/requirements.ts';
import type { Obstacle } from './finding.ts';
import type { Shelf, ShelfVersion } from './shelf.ts';

/** Clocks of candidates, by digest. */
export class SeenVersions {
  readonly #before: ReadonlyMap<string, FirstSeen>;
  readonly #seen: FirstSeen[] = [];

  constructor(before: readonly FirstSeen[]) {
    this.#before = new Map(before.map((one) => [one.digest, one]));
  }

  /** Its clock as it was set; undefined for one that was never seen. */
  find(digest: string): FirstSeen | undefined {
    return this.#seen.find((one) => one.digest === digest) ?? this.#before.get(digest);
  }

  keep(one: FirstSeen): void {
    if (!this.#seen.some(({ digest }) => digest === one.digest)) {
      this.#seen.push(one);
    }
  }

  /** Those that were candidates in this check; what is none any more loses its clock. */
  get all(): readonly FirstSeen[] {
    return this.#seen;
  }
}

export interface AgeQuestion {
  readonly requirements: Requirements | undefined;
  readonly seen: SeenVersions;
  readonly shelf: Pick<Shelf, 'findCreated'>;
  readonly now: Date;
}

/** @throws what the shelf throws, where it is asked */
export async function judgeAge(
  question: AgeQuestion,
  version: ShelfVersion,
  signal: AbortSignal,
): Promise<Obstacle | undefined> {
  const { minimumAgeMs } = question.requirements ?? {};
  if (minimumAgeMs === undefined) {
    return undefined;
  }
  const clock = await clockOf(question, version, signal);
  question.seen.keep(clock);
  const until = new Date(clock.at.getTime() + minimumAgeMs);
  const since =
    clock.by === 'Created'
      ? `by its maker it was created at ${clock.at.toISOString()}`
      : `its age is unknown, and it was seen first at ${clock.at.toISOString()}`;
  return until <= question.now
    ? undefined
    : {
        kind: 'Young',
        tag: version.tag,
        until,
        message: `is not ${formatDuration(minimumAgeMs)} old yet (${since})`,
      };
}

async function clockOf(
  { requirements, seen, shelf, now }: AgeQuestion,
  version: ShelfVersion,
  signal: AbortSignal,
): Promise<FirstSeen> {
  const believesMaker = requirements?.ageFrom === 'Created';
  const known = seen.find(version.digest);
  if (!believesMaker) {
    // A clock that was set by the maker's word is worth nothing once it is not believed.
    return known !== undefined && known.by !== 'Created' ? known : { ...version, at: now };
  }
  if (known?.by !== undefined) {
    return known;
  }
  const created = await shelf.findCreated?.(version, signal);
  return created !== undefined && isPlausible(created, now)
    ? { ...version, at: created, by: 'Created' }
    : { ...version, at: known?.at ?? now, by: 'Untold' };
}

/** Reproducible builds write the year 1970; there were no container images before this day. What is yet to come tells nothing either. */
const earliest = new Date('2013-03-20T00:00:00Z');

function isPlausible(created: Date, now: Date): boolean {
  return created >= earliest && created <= now;
}
