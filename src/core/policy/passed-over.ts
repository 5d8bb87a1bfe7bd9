/** Newer versions that are not taken, each with its reason; as many as a person reads. */
import type { Ahead } from './ranking.ts';

/** Why a newer version is not taken: what the policy says of its tag, and what is judged of the version itself. */
export const passedOverReasons = [
  'FilteredOut',
  'OutsideRange',
  'BeyondStep',
  'PreRelease',
  'OtherVariant',
  'OtherPreRelease',
  'OtherTag',
  'OtherTagUnreadable',
  'NotAVersion',
  'NotANumber',
  'SameAsCurrent',
  'OlderThanCurrent',
  'NeverUpdated',
  'DeadEnd',
  'BehindBarrier',
  'MajorAhead',
  'MinimumAge',
  'PlatformMissing',
  // A chart for another version of Kubernetes, or of another application.
  'Unfit',
  'Unverified',
  'VersionRejected',
  // Better ones are in the way, and there are too many to ask for each.
  'NotLookedAt',
] as const;

export type PassedOverReason = (typeof passedOverReasons)[number];

export interface PassedVersion {
  readonly tag: string;
  readonly reason: PassedOverReason;
  /** A sentence without the tag. */
  readonly message: string;
}

export interface PassedOver {
  /** Those that were nearly taken first, then the newest of the others. */
  readonly versions: readonly PassedVersion[];
  /** Of all, shown or not. */
  readonly count: number;
}

const mostShown = 10;

/** @param judged in the order in which they were looked at */
export function passedOverOf(judged: readonly PassedVersion[], ahead: Ahead = noneAhead): PassedOver {
  return {
    versions: [...judged, ...ahead.tags].slice(0, mostShown),
    count: judged.length + ahead.count,
  };
}

const noneAhead: Ahead = { tags: [], count: 0 };
