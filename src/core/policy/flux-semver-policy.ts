import { compareSemver, parseSemver, type Semver } from '../version/semver.ts';
import { admitsPrereleases, isInRange } from '../version/semver-range.ts';
import type { FluxSemverPolicy } from './policy.ts';
import type { TagOrder } from './ranking.ts';
import { orderByScheme, type Scheme } from './scheme.ts';
import { rangeOf } from './semver-policy.ts';

/**
 * The newest version of the range as Flux has it (image-reflector-controller `policy/semver.go`): three numbers, `v` allowed,
 * and whatever stands behind the dash is a pre-release. Tags that do not parse are skipped.
 *
 * @throws POLICY_INVALID when no parser takes the range
 */
export function orderByFluxSemver(policy: FluxSemverPolicy): TagOrder {
  const range = rangeOf(policy.range, 'policy.policy.semver.range');
  const scheme: Scheme<Semver> = {
    read: parseStrictSemver,
    unreadable: { reason: 'NotAVersion', message: 'is not a version of three numbers' },
    judge: () => (version) => {
      if (isInRange(range, version)) {
        return undefined;
      }
      return version.prerelease.length > 0 && !admitsPrereleases(range)
        ? { reason: 'PreRelease', message: `is a pre-release, and ${policy.range} names none` }
        : { reason: 'OutsideRange', message: `is outside ${policy.range}` };
    },
    compare: compareSemver,
    majorOf: (version) => version.major,
  };
  return orderByScheme(scheme, policy);
}

/** As Masterminds' StrictNewVersion behind one `v` that may be there (fluxcd/pkg/version). */
function parseStrictSemver(text: string): Semver | undefined {
  return /^v?[0-9]+\.[0-9]+\.[0-9]+(?:[-+]|$)/.test(text) ? parseSemver(text) : undefined;
}
