/** What a policy makes of a list of tags, told tag by tag. */
import type { ImagePolicy } from './policy.ts';
import { rankTags } from './rank-tags.ts';
import type { RankingInput } from './ranking.ts';

export interface PolicyTrial {
  readonly choice: string | null;
  /** All other tags, in the order given. */
  readonly rejected: readonly { readonly tag: string; readonly reason: string; readonly message: string }[];
}

/**
 * The first candidate that is there, and a reason for each other tag.
 *
 * @throws POLICY_INVALID
 */
export function tryPolicy(policy: ImagePolicy, input: RankingInput): PolicyTrial {
  const { candidates, rejected } = rankTags(policy, input);
  const there = new Set(input.tags);
  const choice = candidates.find(({ tag }) => there.has(tag))?.tag;
  const reasons = new Map<string, { readonly reason: string; readonly message: string }>(
    rejected.map(({ tag, reason, message }) => [tag, { reason, message }]),
  );
  for (const { tag } of candidates) {
    reasons.set(tag, { reason: 'NotTheBest', message: `${choice} is better` });
  }
  if (input.current !== undefined) {
    reasons.set(input.current, { reason: 'SameAsCurrent', message: 'is what runs' });
  }
  return {
    choice: choice ?? null,
    rejected: input.tags
      .filter((tag) => tag !== choice)
      .map((tag) => ({ tag, ...(reasons.get(tag) ?? { reason: 'NotTheBest', message: 'is not chosen' }) })),
  };
}
