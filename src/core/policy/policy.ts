/** Which version of an image an App wants. What each kind means is in the file of its name beside this one. */

import { OperationError } from '../errors.ts';
import { isTag } from '../image/reference.ts';
import { parseSemverRange } from '../version/semver-range.ts';

/** The highest semantic version of a range. */
export interface SemverPolicy {
  readonly kind: 'semver';
  /** As the App writes it; readable by parseSemverRange. */
  readonly range: string;
}

/** One tag whose meaning moves: its newest digest. */
export interface DigestPolicy {
  readonly kind: 'digest';
  readonly tag: string;
}

export type ImagePolicy = SemverPolicy | DigestPolicy;

/** The policy of an App as it is written: exactly one key, as in `policy.semver.range` of Flux. */
export interface WrittenImagePolicy {
  readonly semver?: { readonly range: string } | undefined;
  readonly digest?: { readonly tag: string } | undefined;
}

/**
 * Checks a policy and makes the tagged union of it.
 *
 * @param field where it stands, e.g. `spec.sources[0].policy`
 * @throws POLICY_INVALID naming field, value and remedy
 */
export function parseImagePolicy(written: WrittenImagePolicy, field: string): ImagePolicy {
  const { semver, digest } = written;
  if (semver !== undefined && digest === undefined) {
    return parseSemverPolicy(semver.range, `${field}.semver.range`);
  }
  if (digest !== undefined && semver === undefined) {
    return parseDigestPolicy(digest.tag, `${field}.digest.tag`);
  }
  const found = semver === undefined ? 'neither semver nor digest' : 'both semver and digest';
  throw invalid(field, found, 'given; write exactly one, for example semver: {range: "1.x"}');
}

/** One line for status and command line, e.g. `semver 1.x`. */
export function describeImagePolicy(policy: ImagePolicy): string {
  switch (policy.kind) {
    case 'semver':
      return `semver ${policy.range}`;
    case 'digest':
      return `digest of ${policy.tag}`;
  }
}

function parseSemverPolicy(range: string, field: string): SemverPolicy {
  if (parseSemverRange(range) === undefined) {
    throw invalid(
      field,
      `"${range}"`,
      'is not a semver range; write for example 1.x, ^1.2, ~1.2.3, ">=1.2 <3" or "1.2 - 2.3 || 4.x"',
    );
  }
  return { kind: 'semver', range };
}

function parseDigestPolicy(tag: string, field: string): DigestPolicy {
  if (!isTag(tag)) {
    throw invalid(field, `"${tag}"`, 'is not a tag; write for example latest');
  }
  return { kind: 'digest', tag };
}

function invalid(field: string, value: string, remedy: string): OperationError {
  return new OperationError(`${field}: ${value} ${remedy}`, {
    code: 'POLICY_INVALID',
    retry: 'never',
    context: { field },
  });
}
