import { isOperationError } from '../errors.ts';
import type { ImagePolicy } from '../policy/policy.ts';
import { rankTags } from '../policy/rank-tags.ts';
import type { RejectionReason } from '../policy/ranking.ts';

/** What says nothing of the policy: a version of which the digest moves is as old as what runs. */
const harmless: ReadonlySet<RejectionReason> = new Set(['SameAsCurrent', 'OlderThanCurrent']);

/**
 * Why the policy, as it is by now, would not take a version that was chosen before: it may have a barrier, a dead end or another range since then. Whether
 * a major version is left out depends on what else there is, which the next check of the App looks at.
 *
 * @returns a sentence without the tag; undefined when it would
 */
export function findPolicyObjection(
  policy: ImagePolicy,
  { from, to }: { readonly from: string | undefined; readonly to: string | undefined },
): string | undefined {
  if (to === undefined || policy.kind === 'pinned') {
    return undefined;
  }
  try {
    const { rejected } = rankTags(policy, { tags: [to], current: from });
    return rejected.find(({ tag, reason }) => tag === to && !harmless.has(reason))?.message;
  } catch (error) {
    if (isOperationError(error, 'POLICY_INVALID')) {
      return undefined;
    }
    throw error;
  }
}
