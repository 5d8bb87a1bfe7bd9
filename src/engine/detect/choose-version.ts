/** Chooses, for one source, the version that its policy takes; the same for all kinds of sources that have tags. */
import { findRejection, type Rejection } from '../../core/app/rejection.ts';
import { type ImagePolicy, needsTagList } from '../../core/policy/policy.ts';
import { rankTags, tagComparer } from '../../core/policy/rank-tags.ts';
import type { Version } from '../../core/update/version-change.ts';
import type { Answer } from './finding.ts';

/** Where the versions of a source are; asks a server. */
export interface Shelf {
  /** For messages, e.g. `ghcr.io/org/app`. */
  readonly name: string;
  /** What its versions are called: `tags`, `versions`. */
  readonly noun: string;
  /** All of them, or an error. */
  listTags(signal: AbortSignal): Promise<readonly string[]>;
  find(tag: string, signal: AbortSignal): Promise<OnShelf>;
}

export type OnShelf =
  | { readonly kind: 'There'; readonly digest: string }
  | { readonly kind: 'Gone' }
  /** It is there and may not be taken; the reason is a sentence without the tag. */
  | { readonly kind: 'Unfit'; readonly reason: string };

export interface Choice {
  readonly app: { readonly namespace: string; readonly name: string };
  readonly policy: ImagePolicy;
  /** The distinct versions of the source that run. */
  readonly running: readonly Version[];
  readonly rejections: readonly Rejection[];
  readonly now: () => Date;
}

/** Candidates that are asked for at most; each is a request, and only what may not be taken is passed over. */
export const maxCandidates = 20;

/** @throws what the shelf throws, POLICY_INVALID */
export async function chooseVersion(choice: Choice, shelf: Shelf, signal: AbortSignal): Promise<Answer> {
  const pinned = answerPinned(choice);
  if (pinned !== undefined) {
    return pinned;
  }
  const current = newestRunning(choice.policy, choice.running);
  const offer = await offeredTags(choice, current, { shelf, signal });
  const passedOver: Answer[] = [];
  for (const tag of offer.candidates.slice(0, maxCandidates)) {
    const found = await shelf.find(tag, signal);
    const answer = judge(choice, tag, found);
    if (answer?.kind === 'Newer') {
      return answer;
    }
    if (answer?.kind === 'UpToDate') {
      return sayPassedOver(passedOver, current) ?? answer;
    }
    passedOver.push(...(answer ? [answer] : []));
  }
  return sayPassedOver(passedOver, current) ?? restOf(offer);
}

/** Where exactly one version is wanted nobody need be asked; undefined: it is not so. */
export function answerPinned(choice: Choice): Answer | undefined {
  const { policy, running, rejections, app, now } = choice;
  if (policy.kind !== 'pinned' || policy.digest === undefined) {
    return undefined;
  }
  const version = { tag: policy.tag, digest: policy.digest };
  const rejection = findRejection(rejections, app, version.digest, now());
  if (rejection) {
    return { kind: 'Rejected', tag: version.tag ?? version.digest, rejection };
  }
  return isRunning(running, version) ? { kind: 'UpToDate' } : { kind: 'Newer', version };
}

/** Undefined: it is not there after all. */
function judge(choice: Choice, tag: string, found: OnShelf): Answer | undefined {
  switch (found.kind) {
    case 'Gone':
      return undefined;
    case 'Unfit':
      return { kind: 'Nothing', message: `${tag} may not be taken, because ${found.reason}` };
    case 'There': {
      const { digest } = found;
      const rejection = findRejection(choice.rejections, choice.app, digest, choice.now());
      if (rejection) {
        return { kind: 'Rejected', tag, rejection };
      }
      const version = { tag, digest };
      return isRunning(choice.running, version) ? { kind: 'UpToDate' } : { kind: 'Newer', version };
    }
  }
}

/** Of what is better than what runs but may not be taken, a rejection is said first: a person may lift it. */
function sayPassedOver(passedOver: readonly Answer[], current: Version): Answer | undefined {
  const [rejected] = passedOver.filter((answer) => answer.kind === 'Rejected');
  if (rejected && rejected.rejection.digest !== current.digest) {
    return rejected;
  }
  return passedOver.find((answer) => answer.kind === 'Nothing');
}

function restOf({ message }: Offer): Answer {
  return message === undefined ? { kind: 'UpToDate' } : { kind: 'Nothing', message };
}

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
}

/** @throws what the shelf throws, POLICY_INVALID */
export async function offeredTags(
  { policy, running }: Pick<Choice, 'policy' | 'running'>,
  current: Version,
  { shelf, signal }: { readonly shelf: Shelf; readonly signal: AbortSignal },
): Promise<Offer> {
  if (!needsTagList(policy)) {
    return namedTags(policy, current, shelf);
  }
  const tags = await shelf.listTags(signal);
  const ranking = rankTags(policy, { tags, current: current.tag });
  const candidates = ranking.candidates.map((candidate) => candidate.tag);
  if (candidates.length > 0) {
    return { candidates };
  }
  if (ranking.obstacle !== undefined) {
    return { candidates: [], message: `${shelf.noun} of ${shelf.name}: ${ranking.obstacle}` };
  }
  const isThere = current.tag !== undefined && tags.includes(current.tag);
  if (isThere && running.some((version) => version.tag !== current.tag)) {
    // Some of what runs lags behind the newest: bring it up to it.
    return { candidates: [current.tag] };
  }
  if (tags.length === 0) {
    return { candidates: [], message: `${shelf.name} has no ${shelf.noun}` };
  }
  const none = `none of the ${tags.length} ${shelf.noun} of ${shelf.name} may be taken by the policy`;
  return { candidates: [], ...(isThere ? {} : { message: none }) };
}

/** What a policy wants that names its tag. */
function namedTags(policy: ImagePolicy, current: Version, { name, noun }: Shelf): Offer {
  const candidates = rankTags(policy, { tags: [], current: current.tag }).candidates.map(({ tag }) => tag);
  return candidates.length === 0
    ? { candidates }
    : { candidates, message: `${name} has no ${noun.replace(/s$/, '')} "${candidates.join('", "')}"` };
}

/** Whether all that runs is the version already, as far as it tells. */
export function isRunning(all: readonly Version[], version: Version): boolean {
  return all.length > 0 && all.every((one) => one.tag === version.tag && one.digest === version.digest);
}
