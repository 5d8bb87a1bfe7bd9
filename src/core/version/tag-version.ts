/**
 * Tags of images as versions.
 *
 * The part behind the first dash of a tag may be a pre-release (`1.2.3-rc.1`), a variant of the software (`-alpine3.20`,
 * `-jdk21`), a counter of builds (`-r5`, `-ls30`), or several of these. Semver takes all of it for a pre-release, by which
 * `1.3.0-alpine` would be an update of `1.2.3`. Here, as in Renovate's docker versioning, a variant is a class of its
 * own: versions of different variants are never compared by the policies.
 */
import { compareSemver, parseSemver, type Semver } from './semver.ts';

export interface TagVersion {
  readonly tag: string;
  readonly semver: Semver;
  /** How many numbers are written, 1 to 3. */
  readonly precision: number;
  readonly hasPrefix: boolean;
  /** Suffix without pre-release and with `#` for counters, e.g. `alpine3.20`, `debian-12-r#`; empty for the plain build. */
  readonly variant: string;
  /** The numbers that stand for the `#`. */
  readonly counters: readonly number[];
}

/** More digits make it a date, a commit or a number of a build, not a version. */
const maxMajorDigits = 5;

const prereleaseToken =
  /^(?:(?:alpha|beta|rc|cr|pre|preview|prerelease|dev|develop|snapshot|nightly|canary|next|unstable|milestone|ea)(?:[.0-9].*)?|[abm][0-9]+)$/i;
const counterToken = /^(r|ls|build\.?)([0-9]{1,15})$/;

/** Undefined for a tag that is no version: `latest`, `1.0.0.1`, `1.0.0p`, `20240101`, `3f2a9c1`, `022.4`. */
export function parseTagVersion(tag: string): TagVersion | undefined {
  const dash = tag.indexOf('-');
  const head = dash < 0 ? tag : tag.slice(0, dash);
  const numbers = parseSemver(head);
  if (numbers === undefined || head.includes('+') || String(numbers.major).length > maxMajorDigits) {
    return undefined;
  }
  const suffix = parseSuffix(dash < 0 ? undefined : tag.slice(dash + 1));
  return {
    tag,
    semver: { ...numbers, prerelease: suffix.prerelease },
    precision: head.split('.').length,
    hasPrefix: head.startsWith('v'),
    variant: suffix.variant,
    counters: suffix.counters,
  };
}

/** The variant that a tag without a version names: `alpine` of `latest-alpine`; empty for other words. */
export function variantOfMovingTag(tag: string): string {
  const match = /^(?:latest|stable|mainline|edge|current|lts)-(.+)$/.exec(tag);
  return match?.[1] === undefined ? '' : parseSuffix(match[1]).variant;
}

/** Order by version, then variant, then counters: total, and the same for equal tags of any spelling (`v1.2` and `1.2.0`). */
export function compareTagVersions(left: TagVersion, right: TagVersion): number {
  return (
    compareSemver(left.semver, right.semver) ||
    compareTexts(left.variant, right.variant) ||
    compareCounters(left.counters, right.counters)
  );
}

/** What stands behind the numbers of a tag. */
export interface Suffix {
  readonly prerelease: Semver['prerelease'];
  readonly variant: string;
  readonly counters: readonly number[];
}

const noSuffix: Suffix = { prerelease: [], variant: '', counters: [] };

/** Reads what stands behind the first dash; undefined where there is no dash. */
export function parseSuffix(text: string | undefined): Suffix {
  if (text === undefined) {
    return noSuffix;
  }
  const tokens = text.split('-');
  const prerelease = takePrerelease(tokens);
  const counters: number[] = [];
  const variant = tokens.map((token, index) => {
    // A number alone counts builds only in the first place: in `debian-12` it is the version of Debian.
    const [, word, count] = counterToken.exec(token) ?? (index === 0 ? /^()([0-9]{1,15})$/.exec(token) : null) ?? [];
    if (count === undefined) {
      return token;
    }
    counters.push(Number(count));
    return `${word}#`;
  });
  return { prerelease, variant: variant.join('-'), counters };
}

/** Takes `rc.1`, `rc1` or `rc`, `1` from the front of the tokens. All three mean the same and count as numbers: rc9 is before rc10. */
function takePrerelease(tokens: string[]): Semver['prerelease'] {
  const [first = '', second = ''] = tokens;
  if (!prereleaseToken.test(first)) {
    return [];
  }
  const hasNumberApart = !/[0-9]/.test(first) && /^[0-9]+$/.test(second);
  const text = tokens.splice(0, hasNumberApart ? 2 : 1).join('.');
  return (text.toLowerCase().match(/[0-9]+|[^0-9.]+/g) ?? []).map((piece) =>
    /^[0-9]{1,15}$/.test(piece) ? Number(piece) : piece,
  );
}

/** Each counter by value; where one has more of them it is the newer. */
export function compareCounters(left: readonly number[], right: readonly number[]): number {
  for (let index = 0; index < left.length; index += 1) {
    const order = (left[index] ?? -1) - (right[index] ?? -1);
    if (order !== 0) {
      return order;
    }
  }
  return left.length - right.length;
}

/** By code units: the same on every machine, unlike localeCompare. */
export function compareTexts(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1;
}
