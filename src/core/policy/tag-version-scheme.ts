/** What semver and step share: tags as versions of one variant. */

import { compareSemver } from '../version/semver.ts';
import { compareTagVersions, parseTagVersion, type TagVersion, variantOfMovingTag } from '../version/tag-version.ts';
import type { Rejection } from './ranking.ts';
import type { Current, Judge, Ranked, Scheme } from './scheme.ts';

/**
 * Versions of the variant that runs.
 *
 * Without a current tag, or with one that is no version (`latest`), everything admitted is newer. Tags of two and of
 * three numbers are compared (`1.4` -> `1.4.6`), the more exact one first where they are equal; one number alone counts
 * only where the current tag is one (`16` -> `17`), as it may be a date or a build.
 */
export function tagVersionScheme(
  admit: (current: Current<TagVersion> | undefined) => Judge<TagVersion>,
): Scheme<TagVersion> {
  return {
    read: parseTagVersion,
    unreadable: { reason: 'NotAVersion', message: 'is not a version' },
    judge: (current) => {
      const isAdmitted = admit(current);
      const variant = variantOf(current);
      const takesSingle = current?.version?.precision === 1;
      return (version) => judgeVariant(version, variant, takesSingle) ?? isAdmitted(version);
    },
    compare: compareTagVersions,
    prefer: compareSpelling,
    compareOnPath: (left, right) => compareSemver(left.semver, right.semver),
    majorOf: (version) => version.semver.major,
  };
}

function variantOf(current: Current<TagVersion> | undefined): string {
  return current === undefined ? '' : (current.version?.variant ?? variantOfMovingTag(current.tag));
}

const singleNumber: Rejection = {
  reason: 'NotAVersion',
  message: 'is a single number, which is a version only where the current tag is one too',
};

function judgeVariant(version: TagVersion, variant: string, takesSingle: boolean): Rejection | undefined {
  if (version.precision === 1 && !takesSingle) {
    return singleNumber;
  }
  return version.variant === variant
    ? undefined
    : { reason: 'OtherVariant', message: `is of ${nameVariant(version.variant)}, not of ${nameVariant(variant)}` };
}

/** Among equal versions the more exact tag is better, then the one spelled as the current one, then the first of the alphabet. */
function compareSpelling(
  left: Ranked<TagVersion>,
  right: Ranked<TagVersion>,
  current: Current<TagVersion> | undefined,
): number {
  const hasPrefix = current?.version?.hasPrefix ?? false;
  const likeCurrent = ({ version }: Ranked<TagVersion>): number => (version.hasPrefix === hasPrefix ? 1 : 0);
  return (
    left.version.precision - right.version.precision ||
    likeCurrent(left) - likeCurrent(right) ||
    (left.tag < right.tag ? 1 : -1)
  );
}

function nameVariant(variant: string): string {
  return variant === '' ? 'the plain build' : `variant -${variant}`;
}
