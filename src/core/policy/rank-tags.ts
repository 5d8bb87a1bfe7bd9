import { rankByDigest } from './digest-policy.ts';
import type { ImagePolicy } from './policy.ts';
import type { Ranking, RankingInput } from './ranking.ts';
import { rankBySemver } from './semver-policy.ts';

type PolicyOfKind<Kind extends ImagePolicy['kind']> = Extract<ImagePolicy, { readonly kind: Kind }>;

/** Every policy there is; a new one is a new file and a line here. */
const rankers: {
  readonly [Kind in ImagePolicy['kind']]: (policy: PolicyOfKind<Kind>, input: RankingInput) => Ranking;
} = {
  semver: rankBySemver,
  digest: rankByDigest,
};

/**
 * Which tags of a repository the policy would take in place of the current one, best first, and why not the others.
 * Never proposes a downgrade. The answer does not depend on the order of the tags.
 *
 * @throws POLICY_INVALID when the policy was not made by parseImagePolicy and is not valid
 */
export function rankTags<Kind extends ImagePolicy['kind']>(policy: PolicyOfKind<Kind>, input: RankingInput): Ranking {
  return rankers[policy.kind as Kind](policy, input);
}
