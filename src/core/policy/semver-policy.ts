import { OperationError } from '../errors.ts';
import { admitsPrereleases, isInRange, parseSemverRange, type SemverRange } from '../version/semver-range.ts';
import {
  compareTagVersions,
  compareTexts,
  parseTagVersion,
  type TagVersion,
  variantOfMovingTag,
} from '../version/tag-version.ts';
import type { SemverPolicy } from './policy.ts';
import type { Ranking, RankingInput, RejectedTag, RejectionReason } from './ranking.ts';

/** What every tag is held against. */
interface Yardstick {
  readonly range: SemverRange;
  readonly rangeText: string;
  readonly current: TagVersion | undefined;
  readonly variant: string;
}

/**
 * The newest versions of the range, of the variant that runs.
 *
 * Without a current tag, or with one that is no version (`latest`), everything in the range is newer. Tags of two and of
 * three numbers are compared (`1.4` -> `1.4.6`), the more exact one first where they are equal; one number alone counts
 * only where the current tag is one (`16` -> `17`), as it may be a date or a build.
 *
 * @throws POLICY_INVALID when no parser takes the range
 */
export function rankBySemver(policy: SemverPolicy, { tags, current }: RankingInput): Ranking {
  const yardstick = makeYardstick(policy, current);
  const newer: TagVersion[] = [];
  const rejected: RejectedTag[] = [];
  for (const tag of tags) {
    if (tag === current) {
      continue;
    }
    const version = parseTagVersion(tag);
    const rejection = version === undefined ? notAVersion : judge(version, yardstick);
    if (rejection !== undefined) {
      rejected.push({ tag, ...rejection });
    } else if (version !== undefined) {
      newer.push(version);
    }
  }
  newer.sort((left, right) => compareForChoice(right, left, yardstick.current));
  return { candidates: newer.map(({ tag }) => ({ tag })), rejected };
}

function makeYardstick(policy: SemverPolicy, current: string | undefined): Yardstick {
  const range = parseSemverRange(policy.range);
  if (range === undefined) {
    throw new OperationError(`rank tags by semver range "${policy.range}": not a range`, {
      code: 'POLICY_INVALID',
      retry: 'never',
    });
  }
  const version = current === undefined ? undefined : parseTagVersion(current);
  const variant = version?.variant ?? (current === undefined ? '' : variantOfMovingTag(current));
  return { range, rangeText: policy.range, current: version, variant };
}

type Rejection = { readonly reason: RejectionReason; readonly message: string };

const notAVersion: Rejection = { reason: 'NotAVersion', message: 'is not a version' };
const singleNumber: Rejection = {
  reason: 'NotAVersion',
  message: 'is a single number, which is a version only where the current tag is one too',
};

function judge(version: TagVersion, { range, rangeText, current, variant }: Yardstick): Rejection | undefined {
  if (version.precision === 1 && current?.precision !== 1) {
    return singleNumber;
  }
  if (version.variant !== variant) {
    return { reason: 'OtherVariant', message: `is of ${nameVariant(version.variant)}, not of ${nameVariant(variant)}` };
  }
  if (!isInRange(range, version.semver)) {
    return version.semver.prerelease.length > 0 && !admitsPrereleases(range)
      ? { reason: 'PreRelease', message: `is a pre-release, and ${rangeText} names none` }
      : { reason: 'OutsideRange', message: `is outside ${rangeText}` };
  }
  const order = current === undefined ? 1 : compareTagVersions(version, current);
  if (order > 0 || current === undefined) {
    return undefined;
  }
  return order === 0
    ? { reason: 'SameAsCurrent', message: `is the same version as ${current.tag}` }
    : { reason: 'OlderThanCurrent', message: `is older than ${current.tag}` };
}

/** Among equal versions the more exact tag is better, then the one spelled as the current one, then the first of the alphabet. */
function compareForChoice(left: TagVersion, right: TagVersion, current: TagVersion | undefined): number {
  const likeCurrent = (version: TagVersion): number => (version.hasPrefix === (current?.hasPrefix ?? false) ? 1 : 0);
  return (
    compareTagVersions(left, right) ||
    left.precision - right.precision ||
    likeCurrent(left) - likeCurrent(right) ||
    compareTexts(right.tag, left.tag)
  );
}

function nameVariant(variant: string): string {
  return variant === '' ? 'the plain build' : `variant -${variant}`;
}
