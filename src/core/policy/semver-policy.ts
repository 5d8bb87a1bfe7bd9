import { admitsPrereleases, isInRange, parseSemverRange, type SemverRange } from '../version/semver-range.ts';
import type { SemverPolicy } from './policy.ts';
import { policyInvalid } from './policy-invalid.ts';
import type { TagOrder } from './ranking.ts';
import { orderByScheme } from './scheme.ts';
import { tagVersionScheme } from './tag-version-scheme.ts';

/**
 * The newest versions of the range, of the variant that runs.
 *
 * @throws POLICY_INVALID when no parser takes the range
 */
export function orderBySemver(policy: SemverPolicy): TagOrder {
  const range = rangeOf(policy.range, 'policy.semver.range');
  const scheme = tagVersionScheme(() => (version) => {
    if (isInRange(range, version.semver)) {
      return undefined;
    }
    return version.semver.prerelease.length > 0 && !admitsPrereleases(range)
      ? { reason: 'PreRelease', message: `is a pre-release, and ${policy.range} names none` }
      : { reason: 'OutsideRange', message: `is outside ${policy.range}` };
  });
  return orderByScheme(scheme, policy);
}

/**
 * Reads a range.
 *
 * @throws POLICY_INVALID naming the field
 */
export function rangeOf(text: string, field: string): SemverRange {
  const range = parseSemverRange(text);
  if (range === undefined) {
    throw policyInvalid(
      field,
      `"${text}"`,
      'is not a semver range; write for example 1.x, ^1.2, ~1.2.3, ">=1.2 <3" or "1.2 - 2.3 || 4.x"',
    );
  }
  return range;
}
