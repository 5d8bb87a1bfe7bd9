/** Globs: `*` is any text, `?` one character, all else stands for itself; the whole tag must fit. */
import { policyInvalid } from './policy-invalid.ts';

/** Longer than any tag. */
const maxGlobLength = 256;

/** Texts of the groups: the whole tag, then what each `*` stands for; undefined when the tag does not fit. */
export type GlobMatcher = (tag: string) => readonly string[] | undefined;

export interface Glob {
  readonly match: GlobMatcher;
  /** Number of stars. */
  readonly groupCount: number;
}

/**
 * Compiles a glob. Stars take as little as they can, from the left, except that the last one reaches to the end.
 *
 * @param wildcards `*` alone is what Keel and Flux v1 know (ryanuber/go-glob)
 * @throws POLICY_INVALID for an empty or too long one
 */
export function compileGlob(text: string, field: string, wildcards: '*' | '*?' = '*?'): Glob {
  if (text === '' || text.length > maxGlobLength) {
    const value = text === '' ? 'an empty pattern' : `a pattern of ${text.length} characters`;
    throw policyInvalid(
      field,
      value,
      `matches nothing; write for example main-*, with at most ${maxGlobLength} characters`,
    );
  }
  const single = wildcards === '*?' ? '?' : '';
  const parts = text.split('*');
  return { groupCount: parts.length - 1, match: (tag) => matchParts(parts, single, tag) };
}

/** The parts between the stars must be there one after the other, the first at the start and the last at the end. */
function matchParts(parts: readonly string[], single: string, tag: string): readonly string[] | undefined {
  const [first = ''] = parts;
  const last = parts.at(-1) ?? '';
  if (parts.length === 1) {
    return tag.length === first.length && isAt(first, single, tag, 0) ? [tag] : undefined;
  }
  const lastAt = tag.length - last.length;
  if (first.length > lastAt || !isAt(first, single, tag, 0) || !isAt(last, single, tag, lastAt)) {
    return undefined;
  }
  const groups = [tag];
  let end = first.length;
  for (const part of parts.slice(1, -1)) {
    const at = findPart(part, single, tag, end);
    if (at < 0 || at + part.length > lastAt) {
      return undefined;
    }
    groups.push(tag.slice(end, at));
    end = at + part.length;
  }
  groups.push(tag.slice(end, lastAt));
  return groups;
}

function findPart(part: string, single: string, tag: string, from: number): number {
  if (single === '' || !part.includes(single)) {
    return tag.indexOf(part, from);
  }
  for (let at = from; at + part.length <= tag.length; at += 1) {
    if (isAt(part, single, tag, at)) {
      return at;
    }
  }
  return -1;
}

function isAt(part: string, single: string, tag: string, at: number): boolean {
  if (single === '' || !part.includes(single)) {
    return tag.startsWith(part, at);
  }
  for (let index = 0; index < part.length; index += 1) {
    if (part[index] !== single && part[index] !== tag[at + index]) {
      return false;
    }
  }
  return true;
}
