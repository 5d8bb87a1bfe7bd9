/**
 * Policies of Keel (keel.sh), tag by tag as its tag watcher and `ShouldUpdate` decide (keel `internal/policy`).
 *
 * Decided otherwise, because Keel is wrong there: a regular expression never takes an older tag, of `-ls9` and `-ls10` the
 * latter is newer, the order in which a registry lists tags means nothing, and `force` does not leave a version for a name.
 */
import { compareLooseSemver, type LooseSemver, parseLooseSemver } from '../version/loose-semver.ts';
import { compareTexts } from '../version/tag-version.ts';
import { compileGlob } from './glob.ts';
import { force, sameTag } from './keel-force.ts';
import { takeNone } from './one-tag-policies.ts';
import { compilePattern } from './pattern.ts';
import type { KeelPolicy } from './policy.ts';
import { policyInvalid } from './policy-invalid.ts';
import type { TagOrder } from './ranking.ts';
import { type Current, type Judge, orderByScheme, type Scheme } from './scheme.ts';

/**
 * Puts a Keel policy to work.
 *
 * @throws POLICY_INVALID for a name that Keel does not know, and for patterns that it or RE2 refuses
 */
export function orderByKeel(policy: KeelPolicy): TagOrder {
  const name = parseKeelName(policy.policy, 'policy.keel.policy');
  switch (name.kind) {
    case 'never':
      return never;
    case 'force':
      return policy.matchTag ? sameTag : force;
    case 'glob':
      return orderByScheme(globScheme(name.pattern), {});
    case 'regexp':
      return orderByScheme(regexpScheme(name.pattern), {});
    case 'semver':
      return orderByScheme(semverScheme(name.step, policy.matchPreRelease), {});
  }
}

type KeelStep = 'all' | 'major' | 'minor' | 'patch';

type KeelName =
  | { readonly kind: 'never' | 'force' }
  | { readonly kind: 'semver'; readonly step: KeelStep }
  | { readonly kind: 'glob' | 'regexp'; readonly pattern: string };

const steps: Readonly<Record<string, KeelStep>> = { all: 'all', major: 'major', minor: 'minor', patch: 'patch' };

/**
 * Reads the text of a `keel.sh/policy` annotation. Keel takes what it does not know for `never`; that is refused here, so that
 * a misspelt policy is seen.
 *
 * @throws POLICY_INVALID naming the field
 */
export function parseKeelName(text: string, field: string): KeelName {
  const step = Object.hasOwn(steps, text) ? steps[text] : undefined;
  if (step !== undefined) {
    return { kind: 'semver', step };
  }
  if (text === '' || text === 'never') {
    return { kind: 'never' };
  }
  if (text === 'force') {
    return { kind: 'force' };
  }
  if (text.startsWith('glob:')) {
    const pattern = text.slice('glob:'.length);
    if (pattern.includes(':')) {
      throw policyInvalid(field, `"${text}"`, 'has a second colon, which no tag has');
    }
    compileGlob(pattern, field, '*');
    return { kind: 'glob', pattern };
  }
  if (text.startsWith('regexp:')) {
    const pattern = text.slice('regexp:'.length);
    compilePattern(pattern, field);
    return { kind: 'regexp', pattern };
  }
  throw policyInvalid(
    field,
    `"${text}"`,
    'is no policy of Keel; they are all, major, minor, patch, force, never, glob:PATTERN and regexp:PATTERN',
  );
}

const never: TagOrder = {
  rank: (input) =>
    takeNone(input, () => ({ reason: 'NeverUpdated', message: 'is not taken, because the policy is never' })),
  compare: () => 0,
};

/** Any version that is greater; from `latest` and from nothing, any version at all. */
function semverScheme(step: KeelStep, matchPreRelease: boolean): Scheme<LooseSemver> {
  return {
    read: (value) => (value.includes('.') ? parseLooseSemver(value) : undefined),
    unreadable: { reason: 'NotAVersion', message: 'is not a version with a dot' },
    readCurrent: (tag) => parseLooseSemver(tag),
    judge: (current) => judgeSemver(step, matchPreRelease && step !== 'all', startOf(step, current)),
    compare: compareLooseSemver,
  };
}

function startOf(step: KeelStep, current: Current<LooseSemver> | undefined): LooseSemver | undefined {
  if (current === undefined || current.tag === 'latest') {
    return undefined;
  }
  if (current.version === undefined) {
    throw policyInvalid(
      `keel:${step}`,
      `the current tag "${current.tag}"`,
      'is no version, so that Keel would never update it; set a version or latest',
    );
  }
  return current.version;
}

function judgeSemver(step: KeelStep, matchesPreRelease: boolean, from: LooseSemver | undefined): Judge<LooseSemver> {
  return (version) => {
    if (from === undefined) {
      return undefined;
    }
    if (matchesPreRelease && version.prerelease !== from.prerelease) {
      return {
        reason: 'OtherPreRelease',
        message: `has ${named(version.prerelease)}, what runs has ${named(from.prerelease)}`,
      };
    }
    const isBeyond =
      (step !== 'all' && step !== 'major' && version.major !== from.major) ||
      (step === 'patch' && version.minor !== from.minor);
    return isBeyond ? { reason: 'BeyondStep', message: `is more than a ${step} step away` } : undefined;
  };
}

function named(prerelease: string): string {
  return prerelease === '' ? 'no pre-release' : `-${prerelease}`;
}

/** Tags that fit and stand behind the current one, as texts, whether that fits or not. */
function globScheme(pattern: string): Scheme<string> {
  const { match } = compileGlob(pattern, 'policy.keel.policy', '*');
  return {
    read: (value) => (match(value) ? value : undefined),
    unreadable: { reason: 'FilteredOut', message: `does not match ${pattern}` },
    readCurrent: (tag) => tag,
    compare: compareTexts,
  };
}

/** Tags with the pattern, by the group `compare` or the whole tag, as texts. From a tag without it, all are newer. */
function regexpScheme(text: string): Scheme<string> {
  const pattern = compilePattern(text, 'policy.keel.policy');
  const group = new Map(Object.entries(pattern.groupNames)).get('compare');
  return {
    read: (value) => {
      if (group !== undefined) {
        return pattern.groupsIn(value)?.[group];
      }
      return pattern.isIn(value) ? value : undefined;
    },
    unreadable: { reason: 'FilteredOut', message: `does not match ${text}` },
    compare: compareTexts,
  };
}
