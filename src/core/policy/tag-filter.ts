/** Which tags a policy looks at, and which part of them it compares. */
import { compileExtract, compilePattern, type Pattern } from './pattern.ts';
import type { Rejection } from './ranking.ts';

/** Patterns of RE2, found anywhere in the tag unless they say `^` and `$`. */
export interface TagFilter {
  /** Flux's filterTags: only tags with this pattern. */
  readonly pattern?: string | undefined;
  /** Flux's filterTags: what is compared in place of the tag, e.g. `$ts`. Empty is the tag. */
  readonly extract?: string | undefined;
  /** One of them must be in the tag; none given: any tag. */
  readonly include?: readonly string[] | undefined;
  /** None of them may be in the tag. */
  readonly exclude?: readonly string[] | undefined;
}

/** What stands for a tag in the order of a policy. */
export interface Placed {
  readonly value: string;
  /** False for a current tag whose part to compare cannot be found; its value is the whole tag then. */
  readonly isExtracted: boolean;
  /** Whether the filter would take the tag. */
  readonly isTaken: boolean;
}

export interface CompiledFilter {
  /** The part of the tag that is compared, or why the tag is left out. */
  readonly place: (tag: string) => string | Rejection;
  /** The part of a tag that is left out, by which its place in the order can be told; undefined when it has none. */
  readonly valueOf: (tag: string) => string | undefined;
  /** The same part of a tag that may be left out, as the current one may be. */
  readonly placeAnyway: (tag: string) => Placed;
}

type Place = (tag: string) => string | Rejection;

/**
 * Compiles the patterns.
 *
 * @param field of the policy, e.g. `spec.sources[0].image.policy`
 * @throws POLICY_INVALID naming the pattern
 */
export function compileFilter(filter: TagFilter | undefined, field: string): CompiledFilter {
  const extract = compileFilterTags(filter, `${field}.filterTags`);
  const isListed = compileLists(filter, field);
  const place: Place = (tag) => {
    const left = isListed(tag);
    return left ?? extract(tag);
  };
  return {
    place,
    // Without an extract the tag is compared, whether the pattern is in it or not: no need to look.
    valueOf: (tag) => {
      const value = filter?.extract ? extract(tag) : tag;
      return typeof value === 'string' ? value : undefined;
    },
    placeAnyway: (tag) => {
      const value = extract(tag);
      const isTaken = typeof value === 'string' && isListed(tag) === undefined;
      return typeof value === 'string'
        ? { value, isExtracted: true, isTaken }
        : { value: tag, isExtracted: !filter?.extract, isTaken };
    },
  };
}

function compileFilterTags(filter: TagFilter | undefined, field: string): Place {
  const { pattern: text = '', extract: template = '' } = filter ?? {};
  if (text === '' && template === '') {
    return (tag) => tag;
  }
  const pattern = compilePattern(text, `${field}.pattern`);
  const rejection: Rejection = { reason: 'FilteredOut', message: `does not match ${text}` };
  if (template === '') {
    return (tag) => (pattern.isIn(tag) ? tag : rejection);
  }
  const extract = compileExtract(template, pattern, `${field}.extract`);
  return (tag) => {
    const groups = pattern.groupsIn(tag);
    return groups === undefined ? rejection : extract(groups);
  };
}

function compileLists(filter: TagFilter | undefined, field: string): (tag: string) => Rejection | undefined {
  const include = (filter?.include ?? []).map((text, at) => compilePattern(text, `${field}.include[${at}]`));
  const exclude = (filter?.exclude ?? []).map((text, at) => compilePattern(text, `${field}.exclude[${at}]`));
  const notIncluded: Rejection = { reason: 'FilteredOut', message: `matches none of ${textsOf(include)}` };
  return (tag) => {
    if (include.length > 0 && !include.some((pattern) => pattern.isIn(tag))) {
      return notIncluded;
    }
    const excluding = exclude.find((pattern) => pattern.isIn(tag));
    return excluding && { reason: 'FilteredOut', message: `matches ${excluding.text}, which is excluded` };
  };
}

function textsOf(patterns: readonly Pattern[]): string {
  return patterns.map((pattern) => pattern.text).join(', ');
}
