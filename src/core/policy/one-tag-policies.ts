/** Policies that name their tag, so that nobody need list tags: the answer is the same for any list. */
import { compareTagVersions, parseTagVersion } from '../version/tag-version.ts';
import type { DigestPolicy, PinnedPolicy } from './policy.ts';
import type { Ranking, RankingInput, Rejection, TagOrder } from './ranking.ts';

/**
 * The followed tag is always the one candidate: whether it is new, its digest says. It is a candidate also when the list
 * does not have it.
 */
export function followDigest(policy: DigestPolicy): TagOrder {
  const rejection: Rejection = { reason: 'OtherTag', message: `only ${policy.tag} is followed` };
  return unordered((input) => takeOne(policy.tag, input, rejection));
}

/**
 * The pinned tag, or what runs where none is named. What runs is not followed when its digest changes, and a pin below it
 * does not take it back.
 */
export function stayPinned(policy: PinnedPolicy): TagOrder {
  return unordered((input) => {
    const tag = policy.tag ?? input.current;
    const rejection: Rejection =
      tag === undefined
        ? { reason: 'NeverUpdated', message: 'is not taken, because what runs stays' }
        : { reason: 'OtherTag', message: `is not ${tag}, which is pinned` };
    const isThere = tag === undefined || tag === input.current;
    if (!isThere && isOlder(tag, input.current)) {
      const older: Rejection = {
        reason: 'OlderThanCurrent',
        message: `is older than ${input.current}, use headgate rollback`,
      };
      return takeNone(input, (one) => (one === tag ? older : rejection));
    }
    return isThere ? takeNone(input, () => rejection) : takeOne(tag, input, rejection);
  });
}

function unordered(rank: TagOrder['rank']): TagOrder {
  return { rank, compare: () => 0 };
}

function isOlder(tag: string, than: string | undefined): boolean {
  const left = parseTagVersion(tag);
  const right = than === undefined ? undefined : parseTagVersion(than);
  return left !== undefined && right !== undefined && compareTagVersions(left, right) < 0;
}

/** The tag as the one candidate, whether it is in the list or not. */
export function takeOne(tag: string, { tags, current }: RankingInput, rejection: Rejection): Ranking {
  const others = tags.filter((one) => one !== tag);
  return { candidates: [{ tag }], rejected: takeNone({ tags: others, current }, () => rejection).rejected };
}

export function takeNone({ tags, current }: RankingInput, why: (tag: string) => Rejection): Ranking {
  return { candidates: [], rejected: tags.filter((tag) => tag !== current).map((tag) => ({ tag, ...why(tag) })) };
}
