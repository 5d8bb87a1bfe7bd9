/** Which versions of a source are worth asking for, by its policy. */
import { type ImagePolicy, needsTagList } from '../../core/policy/policy.ts';
import { rankTags, tagComparer } from '../../core/policy/rank-tags.ts';
import type { Ahead } from '../../core/policy/ranking.ts';
import type { Version } from '../../core/update/version-change.ts';
import type { Shelf } from './shelf.ts';

/** The newest of several, so that none is ever taken back by an update; a tag that is no version is older than any. */
export function newestRunning(policy: ImagePolicy, versions: readonly Version[]): Version {
  const compare = tagComparer(policy);
  const [first = { tag: undefined, digest: undefined }, ...rest] = versions;
  return rest.reduce((newest, version) => (compare(version.tag ?? '', newest.tag ?? '') > 0 ? version : newest), first);
}

export interface Offer {
  /** Worth asking for, best first. */
  readonly candidates: readonly string[];
  /** What to say when none is taken. */
  readonly message?: string;
  /** Newer ones that the policy does not take. */
  readonly ahead?: Ahead | undefined;
}

/** @throws what the shelf throws, POLICY_INVALID */
export async function offeredTags(
  { policy, running }: { readonly policy: ImagePolicy; readonly running: readonly Version[] },
  current: Version,
  { shelf, signal }: { readonly shelf: Pick<Shelf, 'name' | 'noun' | 'listTags'>; readonly signal: AbortSignal },
): Promise<Offer> {
  if (!needsTagList(policy)) {
    return namedTags(policy, current, shelf);
  }
  const tags = await shelf.listTags(signal);
  const ranking = rankTags(policy, { tags, current: current.tag });
  const { ahead } = ranking;
  const candidates = ranking.candidates.map((candidate) => candidate.tag);
  if (candidates.length > 0) {
    return { candidates, ahead };
  }
  if (ranking.obstacle !== undefined) {
    return { candidates: [], message: `${shelf.noun} of ${shelf.name}: ${ranking.obstacle}`, ahead };
  }
  const isThere = current.tag !== undefined && tags.includes(current.tag);
  if (isThere && running.some((version) => version.tag !== current.tag)) {
    // Some of what runs lags behind the newest: bring it up to it.
    return { candidates: [current.tag], ahead };
  }
  if (tags.length === 0) {
    return { candidates: [], message: `${shelf.name} has no ${shelf.noun}` };
  }
  const none = `none of the ${tags.length} ${shelf.noun} of ${shelf.name} may be taken by the policy`;
  return { candidates: [], ahead, ...(isThere ? {} : { message: none }) };
}

/** What a policy wants that names its tag. */
function namedTags(policy: ImagePolicy, current: Version, { name, noun }: Pick<Shelf, 'name' | 'noun'>): Offer {
  const candidates = rankTags(policy, { tags: [], current: current.tag }).candidates.map(({ tag }) => tag);
  return candidates.length === 0
    ? { candidates }
    : { candidates, message: `${name} has no ${noun.replace(/s$/, '')} "${candidates.join('", "')}"` };
}

/** Whether all that runs is the version already, as far as it tells. */
export function isRunning(all: readonly Version[], version: Version): boolean {
  return all.length > 0 && all.every((one) => one.tag === version.tag && one.digest === version.digest);
}
