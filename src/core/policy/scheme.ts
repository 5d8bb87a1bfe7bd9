/** What all policies that order tags share: filter, read, judge, compare with what runs, sort. */
import { compareTexts } from '../version/tag-version.ts';
import { AheadList } from './ahead-list.ts';
import type { PolicyLimits, SortOrder } from './policy.ts';
import type { Candidate, Ranking, RankingInput, RejectedTag, Rejection, TagOrder } from './ranking.ts';
import { type CompiledFilter, compileFilter, type Placed } from './tag-filter.ts';
import { compilePath, type PathGuard } from './upgrade-path.ts';

/** What runs now. */
export interface Current<V> {
  readonly tag: string;
  /** Undefined where the policy has no place for the tag: then every tag is newer. */
  readonly version: V | undefined;
}

export type Judge<V> = (version: V) => Rejection | undefined;

/** How one policy orders tags. */
export interface Scheme<V> {
  /** The version that a value (the tag, or the part extracted from it) stands for; undefined if it is none. */
  readonly read: (value: string) => V | undefined;
  readonly unreadable: Rejection;
  /** One tag that cannot be read spoils the list: nothing is taken (Flux's numerical). */
  readonly isAllOrNothing?: boolean;
  /** The version of what runs; `read` of its value when absent. */
  readonly readCurrent?: (tag: string, placed: Placed) => V | undefined;
  /**
   * What is not taken, whatever is newer.
   *
   * @throws POLICY_INVALID when the policy cannot start from the current tag
   */
  readonly judge?: (current: Current<V> | undefined) => Judge<V>;
  /** Positive when `left` is newer. */
  readonly compare: (left: V, right: V) => number;
  /** Positive when `left` is better, among versions that are equal; then the greater tag is. */
  readonly prefer?: (left: Ranked<V>, right: Ranked<V>, current: Current<V> | undefined) => number;
  /** How barriers and dead ends are compared; as all else when absent. */
  readonly compareOnPath?: (left: V, right: V) => number;
  readonly majorOf?: (version: V) => number;
}

export interface Ranked<V> {
  readonly tag: string;
  readonly version: V;
}

/**
 * Puts a scheme to work.
 *
 * @throws POLICY_INVALID for limits that parseImagePolicy would not have taken
 */
export function orderByScheme<V>(scheme: Scheme<V>, limits: PolicyLimits): TagOrder {
  const filter = compileFilter(limits.filter, 'policy');
  const current = (tag: string) => readCurrent(scheme, filter, tag);
  return {
    rank: (input) => {
      const running = input.current === undefined ? undefined : current(input.current);
      const path = compilePath(scheme, limits.path, { current: running, field: 'policy' });
      return rank(scheme, { filter, path, current: running, input });
    },
    compare: (left, right) => compareReadable(scheme, current(left).version, current(right).version),
  };
}

/** `asc`: what is greater is newer; `desc`: what is smaller. */
export function inOrder<V>(compare: Scheme<V>['compare'], order: SortOrder): Scheme<V>['compare'] {
  return order === 'asc' ? compare : (left, right) => compare(right, left);
}

function readCurrent<V>(scheme: Scheme<V>, filter: CompiledFilter, tag: string): Current<V> {
  const placed = filter.placeAnyway(tag);
  return { tag, version: scheme.readCurrent ? scheme.readCurrent(tag, placed) : scheme.read(placed.value) };
}

/** What can be read is newer than what cannot. */
function compareReadable<V>(scheme: Scheme<V>, left: V | undefined, right: V | undefined): number {
  if (left === undefined || right === undefined) {
    return Number(left !== undefined) - Number(right !== undefined);
  }
  return scheme.compare(left, right);
}

interface Work<V> {
  readonly filter: CompiledFilter;
  readonly path: PathGuard<V>;
  readonly current: Current<V> | undefined;
  readonly input: RankingInput;
}

function rank<V>(scheme: Scheme<V>, work: Work<V>): Ranking {
  const { filter, path, current, input } = work;
  const judge = scheme.judge?.(current) ?? (() => undefined);
  const verdicts = input.tags.map((tag) => examine(scheme, tag, filter.place(tag), judge));
  const spoiler = findSpoiler(scheme, verdicts);
  const passes = path(verdicts);
  const newer: Ranked<V>[] = [];
  const rejected: RejectedTag[] = [];
  const ahead = new AheadList(scheme.compare, current?.version);
  const weigh = (tag: string, version: V) =>
    spoiledBy(spoiler) ?? notNewer(scheme, version, current) ?? passes(tag, version);
  for (const { tag, version, rejection } of verdicts.filter((verdict) => verdict.tag !== current?.tag)) {
    const problem = rejection ?? (version === undefined ? scheme.unreadable : weigh(tag, version));
    if (version !== undefined && problem === undefined) {
      newer.push({ tag, version });
    } else {
      const { reason, message } = problem ?? scheme.unreadable;
      const one = { tag, reason, message };
      rejected.push(one);
      ahead.add(one, version ?? placeOf(scheme, filter, one));
    }
  }
  return {
    candidates: sortBest(scheme, newer, current),
    rejected,
    ahead: ahead.ahead,
    ...(spoiler !== undefined && {
      obstacle: `"${spoiler}" is no number, so that none is taken; leave it out by filterTags, or use numeric`,
    }),
  };
}

/** The tag that spoils the list. */
function findSpoiler<V>(
  { isAllOrNothing, unreadable }: Scheme<V>,
  verdicts: readonly Verdict<V>[],
): string | undefined {
  return isAllOrNothing ? verdicts.find(({ rejection }) => rejection === unreadable)?.tag : undefined;
}

/** Where a tag would stand that the filter leaves out; nowhere where it is the policy itself that cannot read it. */
function placeOf<V>(scheme: Scheme<V>, filter: CompiledFilter, { tag, message }: RejectedTag): V | undefined {
  const value = message === scheme.unreadable.message ? undefined : filter.valueOf(tag);
  return value === undefined ? undefined : scheme.read(value);
}

/** What was read of a tag, and what speaks against it whatever is newer. */
interface Verdict<V> {
  readonly tag: string;
  readonly version: V | undefined;
  readonly rejection: Rejection | undefined;
}

function examine<V>(scheme: Scheme<V>, tag: string, placed: string | Rejection, judge: Judge<V>): Verdict<V> {
  if (typeof placed !== 'string') {
    return { tag, version: undefined, rejection: placed };
  }
  const version = scheme.read(placed);
  return { tag, version, rejection: version === undefined ? scheme.unreadable : judge(version) };
}

function spoiledBy(spoiler: string | undefined): Rejection | undefined {
  return spoiler === undefined
    ? undefined
    : { reason: 'OtherTagUnreadable', message: `is not taken, because ${spoiler} is no number` };
}

function notNewer<V>(scheme: Scheme<V>, version: V, current: Current<V> | undefined): Rejection | undefined {
  if (current?.version === undefined) {
    return undefined;
  }
  const order = scheme.compare(version, current.version);
  if (order > 0) {
    return undefined;
  }
  return order === 0
    ? { reason: 'SameAsCurrent', message: `is the same version as ${current.tag}` }
    : { reason: 'OlderThanCurrent', message: `is older than ${current.tag}` };
}

function sortBest<V>(scheme: Scheme<V>, newer: Ranked<V>[], current: Current<V> | undefined): Candidate[] {
  newer.sort(
    (left, right) =>
      scheme.compare(right.version, left.version) ||
      (scheme.prefer?.(right, left, current) ?? 0) ||
      compareTexts(right.tag, left.tag),
  );
  return newer.map(({ tag }) => ({ tag }));
}
