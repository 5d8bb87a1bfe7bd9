/**
 * Patterns that people write, in the syntax of RE2 as Go's regexp package and so Flux and Keel have it.
 *
 * Never JavaScript's own engine: `^(a+)+$` takes it seconds on thirty characters, RE2 needs time linear in the text.
 */
import { RE2JS } from 're2js';
import { policyInvalid } from './policy-invalid.ts';

/** Longer patterns are refused; what people write has some dozens of characters. */
export const maxPatternLength = 512;

/**
 * Instructions of a compiled pattern; `[a-f0-9]{64}` has 68, `(a{1,30}){1,30}` 1,862. RE2 does each of them at most once a
 * character, so that with this many the worst pattern takes less than a millisecond for a tag of 128 characters.
 */
const maxProgramSize = 512;

export interface Pattern {
  readonly text: string;
  /** Whether it is found anywhere in the text. */
  readonly isIn: (text: string) => boolean;
  /** Whether it is the whole text. */
  readonly isWhole: (text: string) => boolean;
  /** Texts of the groups of the leftmost match, the whole match first and empty where a group took no part; undefined without a match. */
  readonly groupsIn: (text: string) => readonly string[] | undefined;
  readonly groupCount: number;
  /** Number of each named group. */
  readonly groupNames: Readonly<Record<string, number>>;
}

/**
 * Compiles a pattern.
 *
 * @param field where it stands
 * @throws POLICY_INVALID for what RE2 refuses (look-arounds, back references), and for patterns that are too long or too large
 */
export function compilePattern(text: string, field: string): Pattern {
  if (text.length > maxPatternLength) {
    throw policyInvalid(
      field,
      `a pattern of ${text.length} characters`,
      `is too long; ${maxPatternLength} is the most`,
    );
  }
  const compiled = compile(text, field);
  if (compiled.programSize() > maxProgramSize) {
    throw policyInvalid(
      field,
      `"${text}"`,
      'becomes too large when its repetitions are written out; use * or + instead',
    );
  }
  // Three times as fast as a Matcher, which first looks for the match and then again for its groups.
  const engine = compiled.re2();
  const groupCount = compiled.groupCount();
  return {
    text,
    groupCount,
    groupNames: compiled.namedGroups(),
    isIn: (subject) => compiled.test(subject),
    isWhole: (subject) => compiled.testExact(subject),
    groupsIn: (subject) => {
      const [isMatch, ends]: readonly unknown[] = engine.matchWithGroup(subject, 0, subject.length, 0, groupCount + 1);
      return isMatch === true && Array.isArray(ends) ? cutGroups(subject, ends) : undefined;
    },
  };
}

function compile(text: string, field: string): RE2JS {
  try {
    return RE2JS.compile(text);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw policyInvalid(field, `"${text}"`, `is not a pattern: ${problem}`);
  }
}

/** From start and end of each group, -1 where it took no part. */
function cutGroups(subject: string, ends: readonly number[]): string[] {
  const groups: string[] = [];
  for (let at = 0; at + 1 < ends.length; at += 2) {
    const [start = -1, end = -1] = [ends[at], ends[at + 1]];
    groups.push(start < 0 ? '' : subject.slice(start, end));
  }
  return groups;
}

/** Makes one text of the groups of a match. */
export type Extract = (groups: readonly string[]) => string;

/**
 * Reads a template as Go's Regexp.Expand does: `$1`, `$name`, `${name}`, `$$` for a dollar. A name without braces is as long
 * as it can be: `$1x` is the group `1x`, write `${1}x`.
 *
 * Go puts nothing in place of a group that the pattern has not; here that is refused, because it is always a mistake.
 *
 * @throws POLICY_INVALID naming the group
 */
export function compileExtract(
  template: string,
  pattern: Pick<Pattern, 'groupCount' | 'groupNames'>,
  field: string,
): Extract {
  if (template.length > maxPatternLength) {
    throw policyInvalid(
      field,
      `a text of ${template.length} characters`,
      `is too long; ${maxPatternLength} is the most`,
    );
  }
  const pieces: (string | number)[] = [];
  let end = 0;
  for (const match of template.matchAll(/\$(?:\$|([0-9A-Za-z_]+)|\{([0-9A-Za-z_]+)\})/g)) {
    const name = match[1] ?? match[2];
    pieces.push(template.slice(end, match.index), name === undefined ? '$' : groupNumber(name, pattern, field));
    end = match.index + match[0].length;
  }
  pieces.push(template.slice(end));
  return (groups) => pieces.map((piece) => (typeof piece === 'number' ? (groups[piece] ?? '') : piece)).join('');
}

function groupNumber(name: string, pattern: Pick<Pattern, 'groupCount' | 'groupNames'>, field: string): number {
  const isNumber = /^(?:0|[1-9][0-9]{0,7})$/.test(name);
  const number = isNumber ? Number(name) : new Map(Object.entries(pattern.groupNames)).get(name);
  if (number === undefined || number > pattern.groupCount) {
    throw policyInvalid(
      field,
      `"${name}"`,
      'is no group of the pattern; use the number or name of one, for example $1',
    );
  }
  return number;
}
