import { naturalKey } from '../version/natural-order.ts';
import { compareTexts } from '../version/tag-version.ts';
import { compileGlob } from './glob.ts';
import { compileExtract, compilePattern, type Pattern } from './pattern.ts';
import type { AlphabeticalPolicy, GlobPolicy, RegexpPolicy } from './policy.ts';
import type { TagOrder } from './ranking.ts';
import { inOrder, orderByScheme, type Scheme } from './scheme.ts';

/**
 * The last in the order of code units (`asc`), or the first (`desc`), as Flux has it (image-reflector-controller
 * `policy/alphabetical.go`). Where the filter leaves out `latest`, that is a name and no place in the order: from there every tag
 * is newer.
 */
export function orderAlphabetically(policy: AlphabeticalPolicy): TagOrder {
  const scheme: Scheme<string> = {
    read: (value) => value,
    unreadable: { reason: 'FilteredOut', message: 'is empty' },
    readCurrent: (tag, { value, isExtracted, isTaken }) =>
      !isExtracted || (tag === 'latest' && !isTaken) ? undefined : value,
    compare: inOrder(compareTexts, policy.order),
  };
  return orderByScheme(scheme, policy);
}

/**
 * The last in natural order among the tags that a pattern of RE2 is found in. Compared is what `extract` makes of the groups,
 * without it the group named `compare`, without that the tag.
 *
 * @throws POLICY_INVALID naming the pattern
 */
export function orderByRegexp(policy: RegexpPolicy): TagOrder {
  const pattern = compilePattern(policy.pattern, 'policy.regexp.pattern');
  const template = policy.extract ?? (Object.hasOwn(pattern.groupNames, 'compare') ? '$compare' : undefined);
  const take = template === undefined ? takeWhole(pattern) : takeExtract(pattern, template);
  return orderByScheme(takeScheme(policy.pattern, take), policy);
}

/** What is compared of a value; undefined when the pattern is not in it. */
type Take = (value: string) => string | undefined;

function takeWhole(pattern: Pattern): Take {
  return (value) => (pattern.isIn(value) ? value : undefined);
}

function takeExtract(pattern: Pattern, template: string): Take {
  const extract = compileExtract(template, pattern, 'policy.regexp.extract');
  return (value) => {
    const groups = pattern.groupsIn(value);
    return groups && extract(groups);
  };
}

/**
 * The last in natural order among the tags that fit a glob. Compared is what `extract` makes of the texts of the stars
 * (`$1` is that of the first), without it the tag.
 *
 * @throws POLICY_INVALID naming the pattern
 */
export function orderByGlob(policy: GlobPolicy): TagOrder {
  const { match, groupCount } = compileGlob(policy.pattern, 'policy.glob.pattern');
  const extract = compileExtract(policy.extract ?? '$0', { groupCount, groupNames: {} }, 'policy.glob.extract');
  const take: Take = (value) => {
    const groups = match(value);
    return groups && extract(groups);
  };
  return orderByScheme(takeScheme(policy.pattern, take), policy);
}

/** A tag without the pattern has no place in the order, neither as a candidate nor as what runs. */
function takeScheme(text: string, take: Take): Scheme<string> {
  return {
    read: (value) => {
      const taken = take(value);
      return taken === undefined ? undefined : naturalKey(taken);
    },
    unreadable: { reason: 'FilteredOut', message: `does not match ${text}` },
    compare: compareTexts,
  };
}
