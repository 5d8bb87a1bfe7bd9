/**
 * Ranges of semantic versions as Helm and Flux read them (github.com/Masterminds/semver v3).
 *
 * Not npm's: there a pre-release matches only beside a comparator of the same three numbers, `!=` and the comma do not
 * exist, and an empty text means everything. Where both define a range they agree; a property test holds us to npm's
 * library there.
 */
import { compareSemver, parsePrerelease, type Semver, versionNumberPattern } from './semver.ts';

/** Alternatives, of which one must hold. */
export interface SemverRange {
  readonly alternatives: readonly Alternative[];
}

interface Alternative {
  readonly bounds: readonly Bound[];
  readonly excluded: readonly (readonly Bound[])[];
  /** One of its comparators names a pre-release; without that, none is in the range (Masterminds 3.4, "containsPre"). */
  readonly admitsPrereleases: boolean;
}

interface Bound {
  readonly operator: '>=' | '>' | '<=' | '<';
  readonly version: Semver;
}

/** A version with wildcards, e.g. `1.2.x-0`. */
interface PartialVersion {
  readonly numbers: readonly number[];
  readonly prerelease: Semver['prerelease'];
}

const maxRangeLength = 256;
const part = `(?:${versionNumberPattern}|[xX*])`;
const versionText = `v?${part}(?:\\.${part})?(?:\\.${part})?(?:-[0-9A-Za-z.-]+)?(?:\\+[0-9A-Za-z.-]+)?`;
const hyphenPattern = new RegExp(`(^|[\\s,])(${versionText})\\s+-\\s+(${versionText})(?=$|[\\s,])`, 'g');
const comparatorPattern = new RegExp(`^(!=|>=|=>|<=|=<|~>|[=<>~^])?\\s*(${versionText})(?=$|[\\s,<>=!~^])`);

/**
 * Reads for example `1.0.x`, `~1.2`, `^1`, `>0,<2.0`, `1.2 - 2.3`, `=1.2.3 || !=2.0 >1`.
 *
 * Comma and space are "and". Unlike Masterminds an empty text is no range (as Flux has it), so that a forgotten value
 * does not take everything; `*` says that.
 *
 * @returns undefined when it is no range
 */
export function parseSemverRange(text: string): SemverRange | undefined {
  if (text.length > maxRangeLength) {
    return undefined;
  }
  const alternatives: Alternative[] = [];
  for (const alternative of text.split('||')) {
    const parsed = parseAlternative(alternative.replace(hyphenPattern, '$1>=$2 <=$6'));
    if (parsed === undefined) {
      return undefined;
    }
    alternatives.push(parsed);
  }
  return { alternatives };
}

export function isInRange(range: SemverRange, version: Semver): boolean {
  const isPrerelease = version.prerelease.length > 0;
  return range.alternatives.some(
    ({ bounds, excluded, admitsPrereleases }) =>
      (admitsPrereleases || !isPrerelease) &&
      holdAll(bounds, version) &&
      !excluded.some((one) => holdAll(one, version)),
  );
}

/** Whether any pre-release can be in the range. */
export function admitsPrereleases(range: SemverRange): boolean {
  return range.alternatives.some((alternative) => alternative.admitsPrereleases);
}

function parseAlternative(text: string): Alternative | undefined {
  const bounds: Bound[] = [];
  const excluded: (readonly Bound[])[] = [];
  let admits = false;
  let rest = text.trim();
  do {
    const match = comparatorPattern.exec(rest);
    const version = match?.[2] === undefined ? undefined : parsePartial(match[2]);
    if (match === null || version === undefined) {
      return undefined;
    }
    const [whole, operator = '='] = match;
    admits ||= version.prerelease.length > 0;
    if (operator === '!=') {
      excluded.push(boundsOf('=', version));
    } else {
      bounds.push(...boundsOf(operator, version));
    }
    const after = rest.slice(whole.length);
    rest = after.replace(/^(?:\s*,\s*|\s+)/, '');
    if (after !== '' && (rest === after || rest === '')) {
      return undefined;
    }
  } while (rest !== '');
  return { bounds, excluded, admitsPrereleases: admits };
}

function parsePartial(text: string): PartialVersion | undefined {
  const [, numbersText = '', suffix] = /^v?([^-+]+)(?:-([^+]+))?/.exec(text) ?? [];
  const prerelease = parsePrerelease(suffix);
  if (prerelease === undefined) {
    return undefined;
  }
  const numbers: number[] = [];
  for (const number of numbersText.split('.')) {
    if (/^[xX*]$/.test(number)) {
      break;
    }
    numbers.push(Number(number));
  }
  return { numbers, prerelease };
}

function boundsOf(operator: string, version: PartialVersion): readonly Bound[] {
  const from = lowestOf(version);
  const isExact = version.numbers.length === 3;
  switch (operator) {
    case '>=':
    case '=>':
      return [{ operator: '>=', version: from }];
    case '<':
      return [{ operator: '<', version: from }];
    case '>':
      return isExact ? [{ operator: '>', version: from }] : afterAll(version);
    case '<=':
    case '=<':
      return isExact ? [{ operator: '<=', version: from }] : below(nextAfter(version, version.numbers.length - 1));
    case '~':
    case '~>':
      return [{ operator: '>=', version: from }, ...below(nextAfter(version, Math.min(version.numbers.length - 1, 1)))];
    case '^':
      return [{ operator: '>=', version: from }, ...below(nextAfter(version, caretPosition(version.numbers)))];
    default:
      return isExact
        ? [
            { operator: '>=', version: from },
            { operator: '<=', version: from },
          ]
        : boundsOf('~', version);
  }
}

/** `>1.2` begins at 1.3, and nothing is above `*`. */
function afterAll(version: PartialVersion): readonly Bound[] {
  const next = nextAfter(version, version.numbers.length - 1);
  return next === undefined
    ? [{ operator: '<', version: lowest }]
    : [{ operator: '>=', version: { ...next, prerelease: [] } }];
}

function below(version: Semver | undefined): readonly Bound[] {
  return version === undefined ? [] : [{ operator: '<', version }];
}

/** Below every other version, pre-releases included. */
const lowest: Semver = { major: 0, minor: 0, patch: 0, prerelease: [0] };

function lowestOf({ numbers, prerelease }: PartialVersion): Semver {
  const [major = 0, minor = 0, patch = 0] = numbers;
  return { major, minor, patch, prerelease };
}

/** The lowest version in which the number at the position is one higher; undefined where there is no such number. */
function nextAfter({ numbers }: PartialVersion, position: number): Semver | undefined {
  if (position < 0) {
    return undefined;
  }
  const [major = 0, minor = 0, patch = 0] = numbers
    .slice(0, position + 1)
    .map((number, at) => number + (at === position ? 1 : 0));
  return { major, minor, patch, prerelease: [0] };
}

/** The caret keeps the first number that is not zero, or the last one written. */
function caretPosition(numbers: readonly number[]): number {
  const firstNonZero = numbers.findIndex((number) => number > 0);
  return firstNonZero < 0 ? numbers.length - 1 : firstNonZero;
}

function holdAll(bounds: readonly Bound[], version: Semver): boolean {
  return bounds.every((bound) => holds(bound, compareSemver(version, bound.version)));
}

function holds({ operator }: Bound, order: number): boolean {
  switch (operator) {
    case '>=':
      return order >= 0;
    case '>':
      return order > 0;
    case '<=':
      return order <= 0;
    case '<':
      return order < 0;
  }
}
