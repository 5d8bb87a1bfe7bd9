import type { DigestPolicy } from './policy.ts';
import type { Ranking, RankingInput } from './ranking.ts';

/**
 * The followed tag is always the one candidate: whether it is new, its digest says. It is a candidate also when the list
 * does not have it, so that a caller need not list tags at all.
 */
export function rankByDigest(policy: DigestPolicy, { tags, current }: RankingInput): Ranking {
  return {
    candidates: [{ tag: policy.tag }],
    rejected: tags
      .filter((tag) => tag !== policy.tag && tag !== current)
      .map((tag) => ({ tag, reason: 'OtherTag', message: `only ${policy.tag} is followed` })),
  };
}
