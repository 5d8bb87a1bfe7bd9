/** Versions that must be passed, versions that must not be taken, and no major version left out. */
import { policyInvalid } from './policy-invalid.ts';
import type { Rejection } from './ranking.ts';

/** Versions as the tags have them, or the parts of them that are compared. */
export interface UpgradePath {
  /** Never to the major version after the next. */
  readonly oneMajorAtATime?: boolean | undefined;
  /** Versions that must run before anything newer than them may. */
  readonly barriers?: readonly string[] | undefined;
  /** Versions that are never taken. */
  readonly deadEnds?: readonly string[] | undefined;
}

/** The parts of a scheme that a path needs. */
export interface PathScheme<V> {
  readonly read: (value: string) => V | undefined;
  readonly compare: (left: V, right: V) => number;
  readonly compareOnPath?: (left: V, right: V) => number;
  readonly majorOf?: (version: V) => number;
}

interface Examined<V> {
  readonly version: V | undefined;
  readonly rejection: Rejection | undefined;
}

/** Looks over the whole list first, to know which major versions there are. */
export type PathGuard<V> = (all: readonly Examined<V>[]) => (tag: string, version: V) => Rejection | undefined;

export interface PathStart<V> {
  readonly current: { readonly tag: string; readonly version: V | undefined } | undefined;
  /** Of the policy, for messages. */
  readonly field: string;
}

/**
 * Compiles a path. From nothing, or from a tag that is no version, there are no barriers: nothing is known of what was passed.
 *
 * @throws POLICY_INVALID for a barrier or dead end that is no version
 */
export function compilePath<V>(
  scheme: PathScheme<V>,
  path: UpgradePath | undefined,
  start: PathStart<V>,
): PathGuard<V> {
  const compare = scheme.compareOnPath ?? scheme.compare;
  const deadEnds = readVersions(scheme, path?.deadEnds, `${start.field}.deadEnds`);
  const barrier = nextBarrier(readVersions(scheme, path?.barriers, `${start.field}.barriers`), compare, start);
  const major = path?.oneMajorAtATime ? start.current?.version && scheme.majorOf?.(start.current.version) : undefined;
  return (all) => {
    const next = major === undefined ? undefined : nextMajor(scheme, all, major);
    return (tag, version) => {
      if (deadEnds.some((end) => end.text === tag || compare(end.version, version) === 0)) {
        return { reason: 'DeadEnd', message: 'is a dead end, which the policy never takes' };
      }
      if (barrier !== undefined && compare(version, barrier.version) > 0) {
        return { reason: 'BehindBarrier', message: `is behind the barrier ${barrier.text}, which must run first` };
      }
      return next === undefined ? undefined : judgeMajor(scheme.majorOf?.(version), next, start.current?.tag ?? '');
    };
  };
}

interface Named<V> {
  readonly text: string;
  readonly version: V;
}

function readVersions<V>(
  scheme: PathScheme<V>,
  texts: readonly string[] | undefined,
  field: string,
): readonly Named<V>[] {
  return (texts ?? []).map((text, at) => {
    const version = scheme.read(text);
    if (version === undefined) {
      throw policyInvalid(`${field}[${at}]`, `"${text}"`, 'is no version in the order of this policy');
    }
    return { text, version };
  });
}

/** The lowest barrier above what runs. */
function nextBarrier<V>(
  barriers: readonly Named<V>[],
  compare: (left: V, right: V) => number,
  { current }: PathStart<V>,
): Named<V> | undefined {
  const version = current?.version;
  if (version === undefined) {
    return undefined;
  }
  return barriers
    .filter((barrier) => compare(barrier.version, version) > 0)
    .sort((left, right) => compare(left.version, right.version))[0];
}

/** The lowest major version above that of what runs of which there is a release, taken by the range or not. */
function nextMajor<V>(scheme: PathScheme<V>, all: readonly Examined<V>[], major: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const { version, rejection } of all) {
    const isThere = rejection === undefined || rejection.reason === 'OutsideRange';
    const one = version === undefined || !isThere ? undefined : scheme.majorOf?.(version);
    if (one !== undefined && one > major && one < next) {
      next = one;
    }
  }
  return next;
}

function judgeMajor(major: number | undefined, next: number, current: string): Rejection | undefined {
  return major === undefined || major <= next
    ? undefined
    : { reason: 'MajorAhead', message: `is more than one major version ahead of ${current}; ${next} comes first` };
}
