/** Which version of a source an App wants. What each kind means is in the file of its name beside this one. */
import type { Requirements } from './requirements.ts';
import type { TagFilter } from './tag-filter.ts';
import type { UpgradePath } from './upgrade-path.ts';

/** The highest semantic version of a range, of the variant that runs. */
export interface SemverPolicy extends PolicyLimits {
  readonly kind: 'semver';
  /** As the App writes it; readable by parseSemverRange. */
  readonly range: string;
}

/** The same as Flux reads it: suffixes are pre-releases, not variants. */
export interface FluxSemverPolicy extends PolicyLimits {
  readonly kind: 'fluxSemver';
  readonly range: string;
}

/** From the smallest to the greatest. */
export const stepSizes = ['patch', 'minor', 'major', 'all'] as const;

export type StepSize = (typeof stepSizes)[number];

/** The highest version that is not further away from what runs than a step. */
export interface StepPolicy extends PolicyLimits {
  readonly kind: 'step';
  readonly step: StepSize;
  readonly preReleases?: boolean | undefined;
}

/** The newest date. */
export interface CalverPolicy extends PolicyLimits {
  readonly kind: 'calver';
  /** For example `YYYY.0M.0D`; undefined for dates as they are usually written. */
  readonly format?: string | undefined;
  readonly preReleases?: boolean | undefined;
}

/** `asc`: the greatest is the newest. */
export type SortOrder = 'asc' | 'desc';

/** The greatest number among the tags that are one. */
export interface NumericPolicy extends PolicyLimits {
  readonly kind: 'numeric';
  readonly order: SortOrder;
}

/** The greatest number as Flux has it: all tags must be numbers. */
export interface NumericalPolicy extends PolicyLimits {
  readonly kind: 'numerical';
  readonly order: SortOrder;
}

/** The last of the alphabet. */
export interface AlphabeticalPolicy extends PolicyLimits {
  readonly kind: 'alphabetical';
  readonly order: SortOrder;
}

/** The last in natural order of the tags that a regular expression is found in. */
export interface RegexpPolicy extends PolicyLimits {
  readonly kind: 'regexp';
  readonly pattern: string;
  readonly extract?: string | undefined;
}

/** The last in natural order of the tags that fit a glob. */
export interface GlobPolicy extends PolicyLimits {
  readonly kind: 'glob';
  readonly pattern: string;
  readonly extract?: string | undefined;
}

/** One tag whose meaning moves: its newest digest. */
export interface DigestPolicy {
  readonly kind: 'digest';
  readonly tag: string;
}

/**
 * One tag, as it is when it is taken; without a name what runs. With a digest exactly that version, older or newer, and nobody is asked
 * which versions there are.
 */
export interface PinnedPolicy {
  readonly kind: 'pinned';
  readonly tag?: string | undefined;
  readonly digest?: string | undefined;
  /** Where it is fetched from instead. */
  readonly file?: CarriedFile | undefined;
}

/** A file of a channel that a cluster follows. */
export interface CarriedFile {
  /** `namespace/name` of the Subscription. */
  readonly subscription: string;
  readonly path: string;
}

/** A policy of Keel with the two settings that go with it. */
export interface KeelPolicy {
  readonly kind: 'keel';
  /** As in the annotation `keel.sh/policy`. */
  readonly policy: string;
  readonly matchPreRelease: boolean;
  readonly matchTag: boolean;
}

/** What may stand beside a policy that chooses from a list. */
export interface PolicyLimits {
  readonly filter?: TagFilter | undefined;
  readonly path?: UpgradePath | undefined;
}

/** One of these, with what else its versions must fulfil. */
export type ImagePolicy = (
  | SemverPolicy
  | FluxSemverPolicy
  | StepPolicy
  | CalverPolicy
  | NumericPolicy
  | NumericalPolicy
  | AlphabeticalPolicy
  | RegexpPolicy
  | GlobPolicy
  | DigestPolicy
  | PinnedPolicy
  | KeelPolicy
) & { readonly requirements?: Requirements | undefined };

/** False where the policy names its tag, so that rankTags gives the same answer for an empty list. */
export function needsTagList(policy: ImagePolicy): boolean {
  switch (policy.kind) {
    case 'digest':
    case 'pinned':
      return false;
    case 'keel':
      return !(policy.policy === '' || policy.policy === 'never' || (policy.policy === 'force' && policy.matchTag));
    default:
      return true;
  }
}

/** One line for status and command line, e.g. `semver 1.x`. */
export function describeImagePolicy(policy: ImagePolicy): string {
  switch (policy.kind) {
    case 'semver':
    case 'fluxSemver':
      return `semver ${policy.range}`;
    case 'step':
      return `${policy.step} steps`;
    case 'calver':
      return policy.format === undefined ? 'calver' : `calver ${policy.format}`;
    case 'numeric':
    case 'numerical':
    case 'alphabetical':
      return `${policy.kind} ${policy.order}`;
    case 'regexp':
    case 'glob':
      return `${policy.kind} ${policy.pattern}`;
    case 'digest':
      return `digest of ${policy.tag}`;
    case 'pinned':
      return policy.tag === undefined ? 'pinned' : `pinned to ${policy.tag}`;
    case 'keel':
      return `keel:${policy.policy}`;
  }
}
