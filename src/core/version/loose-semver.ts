/**
 * Versions as github.com/Masterminds/semver v1 reads them, which Keel uses: `v` in front, one to three numbers, leading
 * zeros allowed (`2024.01.05`).
 *
 * One thing is better here: words with a number at the end count by the number, so that `-ls10` is newer than `-ls9`.
 */
import { naturalKey } from './natural-order.ts';
import { comparePrereleases } from './semver.ts';

export interface LooseSemver {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** As written, without the dash; empty for a release. Keel compares this text. */
  readonly prerelease: string;
  /** The dot-separated parts of it: numbers, and words as keys of their natural order. */
  readonly identifiers: readonly (number | string)[];
}

const word = '[0-9A-Za-z-]+';
const pattern = new RegExp(
  `^v?([0-9]{1,16})(?:\\.([0-9]{1,16}))?(?:\\.([0-9]{1,16}))?(?:-(${word}(?:\\.${word})*))?(?:\\+${word}(?:\\.${word})*)?$`,
);

/** Undefined when it is no version: `latest`, `1.0.0.1`, `1.0.0_1`. Build metadata is dropped. */
export function parseLooseSemver(text: string): LooseSemver | undefined {
  const match = text.length > 256 ? null : pattern.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, major = '0', minor = '0', patch = '0', prerelease = ''] = match;
  return {
    major: Number(major),
    minor: Number(minor),
    patch: Number(patch),
    prerelease,
    identifiers: prerelease === '' ? [] : prerelease.split('.').map(readIdentifier),
  };
}

/** Precedence of semver 11, but for words with numbers: negative when `left` is older. */
export function compareLooseSemver(left: LooseSemver, right: LooseSemver): number {
  return (
    left.major - right.major ||
    left.minor - right.minor ||
    left.patch - right.patch ||
    comparePrereleases(left.identifiers, right.identifiers)
  );
}

function readIdentifier(text: string): number | string {
  return /^[0-9]{1,15}$/.test(text) ? Number(text) : naturalKey(text);
}
