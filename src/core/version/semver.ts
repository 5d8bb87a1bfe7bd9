/** Semantic versions (semver.org 2.0), read as leniently as registries need: `v` in front, one to three numbers. */

export interface Semver {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Dot-separated identifiers; empty for a release. */
  readonly prerelease: readonly (number | string)[];
}

/** A number without leading zeros, small enough to be exact (2^53 has 16 digits). */
export const versionNumberPattern = '(0|[1-9][0-9]{0,14})';

const semverPattern = new RegExp(
  `^v?${versionNumberPattern}(?:\\.${versionNumberPattern})?(?:\\.${versionNumberPattern})?(?:-([0-9A-Za-z.-]+))?(?:\\+[0-9A-Za-z.-]+)?$`,
);

/** Missing numbers are zeros; build metadata is dropped, for it has no place in the order (semver 10). Undefined when it is no version. */
export function parseSemver(text: string): Semver | undefined {
  const match = text.length > 256 ? null : semverPattern.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, major = '0', minor = '0', patch = '0', suffix] = match;
  const prerelease = parsePrerelease(suffix);
  return prerelease && { major: Number(major), minor: Number(minor), patch: Number(patch), prerelease };
}

/** Reads what stands behind the dash (semver 9); undefined where an identifier is empty or a number has a leading zero. */
export function parsePrerelease(suffix: string | undefined): readonly (number | string)[] | undefined {
  if (suffix === undefined) {
    return [];
  }
  const identifiers: (number | string)[] = [];
  for (const text of suffix.split('.')) {
    const isNumber = /^[0-9]+$/.test(text);
    if (text === '' || (isNumber && (text.length > 15 || (text.length > 1 && text.startsWith('0'))))) {
      return undefined;
    }
    identifiers.push(isNumber ? Number(text) : text);
  }
  return identifiers;
}

/** Precedence of semver 11: negative when `left` is older. */
export function compareSemver(left: Semver, right: Semver): number {
  return (
    left.major - right.major ||
    left.minor - right.minor ||
    left.patch - right.patch ||
    comparePrereleases(left.prerelease, right.prerelease)
  );
}

/** None at all is newest; then part by part, numbers before words, and the longer one where one begins like the other (semver 11.3, 11.4). */
export function comparePrereleases(left: Semver['prerelease'], right: Semver['prerelease']): number {
  if (left.length === 0 || right.length === 0) {
    return right.length - left.length;
  }
  for (const [index, one] of left.entries()) {
    const other = right[index];
    if (other === undefined) {
      return 1;
    }
    const order = compareIdentifiers(one, other);
    if (order !== 0) {
      return order;
    }
  }
  return left.length - right.length;
}

/** Numbers by value, before all words; words by their ASCII codes. */
function compareIdentifiers(left: number | string, right: number | string): number {
  if (typeof left === 'number') {
    return typeof right === 'number' ? left - right : -1;
  }
  if (typeof right === 'number') {
    return 1;
  }
  return left === right ? 0 : left < right ? -1 : 1;
}
