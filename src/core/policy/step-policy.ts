import type { TagVersion } from '../version/tag-version.ts';
import { type StepPolicy, type StepSize, stepSizes } from './policy.ts';
import { policyInvalid } from './policy-invalid.ts';
import type { Rejection, TagOrder } from './ranking.ts';
import { type Current, orderByScheme } from './scheme.ts';
import { tagVersionScheme } from './tag-version-scheme.ts';

/**
 * Versions that are not further from what runs than one step: `patch` keeps major and minor version, `minor` keeps the major
 * one, `major` takes any newer version, `all` pre-releases too. From `latest`, or from nothing, every version is near enough.
 */
export function orderByStep(policy: StepPolicy): TagOrder {
  const takesPrereleases = policy.preReleases || policy.step === 'all';
  const scheme = tagVersionScheme((current) => {
    const from = startOf(policy.step, current);
    return (version) => {
      if (version.semver.prerelease.length > 0 && !takesPrereleases) {
        return { reason: 'PreRelease', message: 'is a pre-release, and preReleases is not set' };
      }
      return from === undefined ? undefined : judgeStep(policy.step, from, version);
    };
  });
  return orderByScheme(scheme, policy);
}

function startOf(step: StepSize, current: Current<TagVersion> | undefined): TagVersion | undefined {
  if (current !== undefined && current.version === undefined && !/^latest(?:-|$)/.test(current.tag)) {
    throw policyInvalid(
      `step ${step}`,
      `the current tag "${current.tag}"`,
      'is no version to step from; set a version once, or use semver with a range',
    );
  }
  return current?.version;
}

function judgeStep(step: StepSize, from: TagVersion, version: TagVersion): Rejection | undefined {
  const needed = stepBetween(from, version);
  return stepSizes.indexOf(needed) <= stepSizes.indexOf(step)
    ? undefined
    : { reason: 'BeyondStep', message: `is a ${needed} step from ${from.tag}, and ${step} is the most` };
}

function stepBetween({ semver: from }: TagVersion, { semver: to }: TagVersion): StepSize {
  if (from.major !== to.major) {
    return 'major';
  }
  return from.minor === to.minor ? 'patch' : 'minor';
}
