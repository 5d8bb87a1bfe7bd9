/** Keel's policy `force` (keel `internal/policy/force.go`). */
import { compareLooseSemver, type LooseSemver, parseLooseSemver } from '../version/loose-semver.ts';
import { compareTexts } from '../version/tag-version.ts';
import { takeOne } from './one-tag-policies.ts';
import type { Ranking, RankingInput, Rejection, TagOrder } from './ranking.ts';

const otherTag: Rejection = { reason: 'OtherTag', message: 'is not the tag that runs (matchTag)' };

/** With matchTag: the tag that runs, whenever its digest changes. An image without a tag is `latest`. */
export const sameTag: TagOrder = {
  rank: (input) => takeOne(input.current ?? 'latest', input, otherTag),
  compare: () => 0,
};

/** Without matchTag: any tag, also the one that runs. */
export const force: TagOrder = { rank: rankForce, compare: compareForced };

const notAVersion: Rejection = { reason: 'OtherTag', message: 'is a name, which comes after versions and what runs' };

/**
 * Versions first, the newest of all, if what runs is no version or an older one; then the tag that runs, by its digest; then
 * names, where that is not in the list. Not from a version to a name where there are versions: from there the way would lead
 * on to an older version.
 */
function rankForce({ tags, current = 'latest' }: RankingInput): Ranking {
  const from = parseLooseSemver(current);
  const { newer, older, names } = sortOut(tags, current, from);
  const rejections = new Map<string, Rejection>([
    ...older.map((tag) => [tag, { reason: 'OlderThanCurrent', message: `is not newer than ${current}` }] as const),
    ...names.map((tag) => [tag, notAVersion] as const),
  ]);
  const areVersions = from !== undefined && newer.length + older.length > 0;
  const others = areVersions ? [] : names.sort(compareTexts);
  const candidates = [...newer, ...(names.includes(current) ? [current] : others)];
  for (const tag of candidates) {
    rejections.delete(tag);
  }
  return {
    candidates: candidates.map((tag) => ({ tag })),
    rejected: tags.flatMap((tag) => {
      const rejection = rejections.get(tag);
      return rejection ? [{ tag, ...rejection }] : [];
    }),
  };
}

/** Newer versions, the newest first; other versions; and names, under which the tag that runs always is. */
function sortOut(tags: readonly string[], current: string, from: LooseSemver | undefined) {
  const newer: { readonly tag: string; readonly version: LooseSemver }[] = [];
  const older: string[] = [];
  const names: string[] = [];
  for (const tag of tags) {
    const version = tag === current ? undefined : parseLooseSemver(tag);
    if (version === undefined) {
      names.push(tag);
    } else if (from === undefined || compareLooseSemver(version, from) > 0) {
      newer.push({ tag, version });
    } else {
      older.push(tag);
    }
  }
  newer.sort((left, right) => compareLooseSemver(right.version, left.version) || compareTexts(right.tag, left.tag));
  return { newer: newer.map(({ tag }) => tag), older, names };
}

function compareForced(left: string, right: string): number {
  const [one, other] = [parseLooseSemver(left), parseLooseSemver(right)];
  return one === undefined || other === undefined ? 0 : compareLooseSemver(one, other);
}
