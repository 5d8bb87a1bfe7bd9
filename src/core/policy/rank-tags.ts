import { orderByCalver } from './calver-policy.ts';
import { orderByFluxSemver } from './flux-semver-policy.ts';
import { orderByKeel } from './keel-policy.ts';
import { orderByNumeric, orderByNumerical } from './number-policies.ts';
import { followDigest, stayPinned } from './one-tag-policies.ts';
import type { ImagePolicy } from './policy.ts';
import type { Ranking, RankingInput, TagOrder } from './ranking.ts';
import { orderBySemver } from './semver-policy.ts';
import { orderByStep } from './step-policy.ts';
import { orderAlphabetically, orderByGlob, orderByRegexp } from './text-policies.ts';

type PolicyOfKind<Kind extends ImagePolicy['kind']> = Extract<ImagePolicy, { readonly kind: Kind }>;

/** Every policy there is; a new one is a new file and a line here. */
const orders: {
  readonly [Kind in ImagePolicy['kind']]: (policy: PolicyOfKind<Kind>) => TagOrder;
} = {
  semver: orderBySemver,
  fluxSemver: orderByFluxSemver,
  step: orderByStep,
  calver: orderByCalver,
  numeric: orderByNumeric,
  numerical: orderByNumerical,
  alphabetical: orderAlphabetically,
  regexp: orderByRegexp,
  glob: orderByGlob,
  digest: followDigest,
  pinned: stayPinned,
  keel: orderByKeel,
};

/**
 * Which tags of a repository the policy would take in place of the current one, best first, and why not the others.
 * Never proposes a downgrade. The answer does not depend on the order of the tags.
 *
 * @throws POLICY_INVALID when the policy cannot start from the current tag, or was not made by parseImagePolicy and is not
 * valid
 */
export function rankTags<Kind extends ImagePolicy['kind']>(policy: PolicyOfKind<Kind>, input: RankingInput): Ranking {
  return orderOf(policy).rank(input);
}

/**
 * Compares tags in the order of the policy, filters and limits aside: positive when `left` is newer, 0 where the policy knows
 * no order. A tag that the policy cannot read is older than one that it can.
 */
export function tagComparer(policy: ImagePolicy): (left: string, right: string) => number {
  return orderOf(policy).compare;
}

function orderOf<Kind extends ImagePolicy['kind']>(policy: PolicyOfKind<Kind>): TagOrder {
  return orders[policy.kind as Kind](policy);
}
