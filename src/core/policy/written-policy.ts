/** The policy of a source as an App writes it, and what it means. */
import { isOperationError } from '../errors.ts';
import { isTag } from '../image/reference.ts';
import { readerOf } from './calver-policy.ts';
import { compileGlob } from './glob.ts';
import { parseKeelName } from './keel-policy.ts';
import { compileExtract, compilePattern } from './pattern.ts';
import type { ImagePolicy, PinnedPolicy, PolicyLimits, SortOrder, StepSize } from './policy.ts';
import { policyInvalid } from './policy-invalid.ts';
import { rankTags } from './rank-tags.ts';
import { parseRequirements, type WrittenRequirements } from './requirements.ts';
import { rangeOf } from './semver-policy.ts';
import { compileFilter, type TagFilter } from './tag-filter.ts';
import type { UpgradePath } from './upgrade-path.ts';

interface Ordered {
  readonly order?: SortOrder | undefined;
}

interface Matched {
  readonly pattern: string;
  readonly extract?: string | undefined;
}

/** `spec.policy` of Flux's ImagePolicy. */
export interface FluxPolicyChoice {
  readonly semver?: { readonly range: string } | undefined;
  readonly numerical?: Ordered | undefined;
  readonly alphabetical?: Ordered | undefined;
}

/** Exactly one of these. */
interface PolicyChoice extends FluxPolicyChoice {
  readonly step?: StepSize | undefined;
  readonly calver?: { readonly format?: string | undefined } | undefined;
  readonly numeric?: Ordered | undefined;
  readonly regexp?: Matched | undefined;
  readonly glob?: Matched | undefined;
  readonly digest?: { readonly tag: string } | undefined;
  readonly pinned?: Omit<PinnedPolicy, 'kind'> | undefined;
  readonly keel?:
    | {
        readonly policy: string;
        readonly matchPreRelease?: boolean | undefined;
        readonly matchTag?: boolean | undefined;
      }
    | undefined;
  /** Flux's ImagePolicy as it stands. */
  readonly policy?: FluxPolicyChoice | undefined;
}

export interface WrittenImagePolicy extends PolicyChoice, WrittenRequirements {
  readonly filterTags?: { readonly pattern?: string | undefined; readonly extract?: string | undefined } | undefined;
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly preReleases?: boolean | undefined;
  readonly oneMajorAtATime?: boolean | undefined;
  readonly barriers?: readonly string[] | undefined;
  readonly deadEnds?: readonly string[] | undefined;
}

type Readers<Choice> = {
  readonly [Key in keyof Required<Choice>]: (value: NonNullable<Choice[Key]>, field: string) => ImagePolicy;
};

const fluxReaders: Readers<FluxPolicyChoice> = {
  semver: ({ range }, field) => {
    rangeOf(range, `${field}.range`);
    return { kind: 'fluxSemver', range };
  },
  numerical: ({ order }) => ({ kind: 'numerical', order: order ?? 'asc' }),
  alphabetical: ({ order }) => ({ kind: 'alphabetical', order: order ?? 'asc' }),
};

const readers: Readers<PolicyChoice> = {
  ...fluxReaders,
  semver: ({ range }, field) => {
    rangeOf(range, `${field}.range`);
    return { kind: 'semver', range };
  },
  step: (step) => ({ kind: 'step', step }),
  calver: ({ format }, field) => {
    readerOf(format, `${field}.format`);
    return { kind: 'calver', format };
  },
  numeric: ({ order }) => ({ kind: 'numeric', order: order ?? 'asc' }),
  regexp: (matched, field) => {
    const pattern = compilePattern(matched.pattern, `${field}.pattern`);
    compileExtract(matched.extract ?? '', pattern, `${field}.extract`);
    return { kind: 'regexp', ...matched };
  },
  glob: (matched, field) => {
    const { groupCount } = compileGlob(matched.pattern, `${field}.pattern`);
    compileExtract(matched.extract ?? '', { groupCount, groupNames: {} }, `${field}.extract`);
    return { kind: 'glob', ...matched };
  },
  digest: ({ tag }, field) => ({ kind: 'digest', tag: tagOf(tag, `${field}.tag`) }),
  pinned: ({ tag, digest, file }, field) => ({
    kind: 'pinned',
    ...(tag !== undefined && { tag: tagOf(tag, `${field}.tag`) }),
    ...(digest !== undefined && { digest }),
    ...(file !== undefined && { file }),
  }),
  keel: ({ policy, matchPreRelease = true, matchTag = false }, field) => {
    parseKeelName(policy, `${field}.policy`);
    return { kind: 'keel', policy, matchPreRelease, matchTag };
  },
  policy: (choice, field) => readOne(choice, fluxReaders, field),
};

/**
 * Checks a policy and makes the tagged union of it.
 *
 * @param field where it stands, e.g. `spec.sources[0].policy`
 * @throws POLICY_INVALID naming field, value and remedy
 */
export function parseImagePolicy(written: WrittenImagePolicy, field: string): ImagePolicy {
  const { filterTags, include, exclude, preReleases, oneMajorAtATime, barriers, deadEnds, ...rest } = written;
  const { minimumAge, ageFrom, platforms, ...choice } = rest;
  const policy = readOne(choice, readers, field);
  const filter = { ...filterTags, include, exclude };
  const path = { oneMajorAtATime, barriers, deadEnds };
  const limited = { ...policy, ...filterOf(filter, field), ...pathOf(path), ...(preReleases && { preReleases }) };
  refuseMisplaced(limited, field);
  checkPath(limited, field);
  const requirements = parseRequirements({ minimumAge, ageFrom, platforms }, field);
  return requirements === undefined ? limited : { ...limited, requirements };
}

function readOne<Choice extends object>(choice: Choice, all: Readers<Choice>, field: string): ImagePolicy {
  const policies = keysOf(all).flatMap((key) => {
    const value = choice[key];
    return value === undefined || value === null
      ? []
      : [{ key, read: () => all[key](value, `${field}.${String(key)}`) }];
  });
  const [first, second] = policies;
  if (first === undefined || second !== undefined) {
    const found = policies.map(({ key }) => String(key));
    const value = found.length === 0 ? 'no policy' : `both ${found.join(' and ')}`;
    throw policyInvalid(field, value, `given; write exactly one, for example semver: {range: "1.x"}`);
  }
  return first.read();
}

function keysOf<T extends object>(record: T): (keyof T)[] {
  return Object.keys(record).filter((key): key is string & keyof T => key in record);
}

function filterOf(filter: TagFilter, field: string): PolicyLimits {
  if (!isSet(filter)) {
    return {};
  }
  compileFilter(filter, field);
  return { filter };
}

function pathOf(path: UpgradePath): PolicyLimits {
  return isSet(path) ? { path } : {};
}

/** Barriers and dead ends are read in the order of the policy, which knows what is wrong with them. */
function checkPath(policy: ImagePolicy & PolicyLimits, field: string): void {
  try {
    if (policy.path !== undefined) {
      rankTags(policy, { tags: [] });
    }
  } catch (error) {
    throw isOperationError(error, 'POLICY_INVALID') ? policyInvalid(field, error.message, '') : error;
  }
}

function isSet(settings: object): boolean {
  return Object.values(settings).some((value) => (Array.isArray(value) ? value.length > 0 : Boolean(value)));
}

/** A setting without effect would be believed in. */
function refuseMisplaced(
  policy: ImagePolicy & PolicyLimits & { readonly preReleases?: boolean | undefined },
  field: string,
): void {
  const { kind } = policy;
  if (['digest', 'pinned', 'keel'].includes(kind) && (policy.filter ?? policy.path) !== undefined) {
    throw policyInvalid(field, kind, 'chooses no tag by filters, barriers or dead ends; leave them out');
  }
  if (policy.preReleases && kind !== 'step' && kind !== 'calver') {
    const remedy = kind.endsWith('emver') ? 'write a range that names one, for example >=1.2.0-0' : 'leave it out';
    throw policyInvalid(`${field}.preReleases`, kind, `knows pre-releases without it; ${remedy}`);
  }
  if (policy.path?.oneMajorAtATime && !['semver', 'fluxSemver', 'step'].includes(kind)) {
    throw policyInvalid(`${field}.oneMajorAtATime`, kind, 'knows no major versions; leave it out');
  }
}

function tagOf(text: string, field: string): string {
  if (!isTag(text)) {
    throw policyInvalid(field, `"${text}"`, 'is not a tag; write for example latest');
  }
  return text;
}
