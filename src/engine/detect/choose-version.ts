/** Chooses, for one source, the version that its policy takes; the same for all kinds of sources that have tags. */
import { findRejection } from '../../core/app/rejection.ts';
import { type PassedVersion, passedOverOf } from '../../core/policy/passed-over.ts';
import type { ImagePolicy } from '../../core/policy/policy.ts';
import { clipMessage } from '../../core/text.ts';
import type { Version } from '../../core/update/version-change.ts';
import type { Answer, Obstacle, Outcome, SourceRequest } from './finding.ts';
import { judgeAge, SeenVersions } from './judge-age.ts';
import { isRunning, newestRunning, type Offer, offeredTags } from './offered-tags.ts';
import type { Shelf } from './shelf.ts';

export interface Choice extends Omit<SourceRequest<never>, 'source'> {
  readonly policy: ImagePolicy;
}

/** Candidates that are asked for at most; each is a request, and only what may not be taken is passed over. */
const maxCandidates = 20;

/** @throws what the shelf throws, POLICY_INVALID */
export async function chooseVersion(choice: Choice, shelf: Shelf, signal: AbortSignal): Promise<Answer> {
  const pinned = answerPinned(choice);
  if (pinned !== undefined) {
    return await verifyPinned(pinned, shelf, signal);
  }
  const current = newestRunning(choice.policy, choice.running);
  const offer = await offeredTags(choice, current, { shelf, signal });
  const seen = new SeenVersions(choice.firstSeen);
  const { obstacles, outcome } = await look({ choice, shelf, seen, current }, offer, signal);
  const unasked = outcome === undefined ? offer.candidates.slice(maxCandidates) : [];
  return {
    ...(outcome ?? restOf(offer, obstacles)),
    ...(choice.policy.requirements?.minimumAgeMs !== undefined && { firstSeen: seen.all }),
    passedOver: passedOverOf([...obstacles.map(sayObstacle), ...unasked.map(sayUnasked)], offer.ahead),
  };
}

interface Search {
  readonly choice: Choice;
  readonly shelf: Shelf;
  readonly seen: SeenVersions;
  readonly current: Version;
}

interface Looked {
  /** Best first, without what runs. */
  readonly obstacles: readonly Obstacle[];
  /** Undefined when all candidates were passed over. */
  readonly outcome: Outcome | undefined;
}

async function look(search: Search, { candidates }: Offer, signal: AbortSignal): Promise<Looked> {
  const obstacles: Obstacle[] = [];
  for (const tag of candidates.slice(0, maxCandidates)) {
    const judged = await judge(search, tag, signal);
    if (judged?.kind === 'Newer') {
      return { obstacles, outcome: judged };
    }
    if (judged?.kind === 'UpToDate') {
      return { obstacles, outcome: nearest(obstacles) ?? judged };
    }
    obstacles.push(...(judged === undefined ? [] : [judged]));
  }
  return { obstacles, outcome: undefined };
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

/** Its digest was not told by a header, so that only the signatures that are asked for are looked at. */
async function verifyPinned(pinned: Answer, shelf: Shelf, signal: AbortSignal): Promise<Answer> {
  if (pinned.kind !== 'Newer' || pinned.version.digest === undefined) {
    return pinned;
  }
  const { tag, digest } = pinned.version;
  return (await shelf.findUnsigned?.({ tag: tag ?? digest, digest }, signal)) ?? pinned;
}

type Judged = Obstacle | Extract<Outcome, { readonly kind: 'UpToDate' | 'Newer' }>;

/** Undefined: it is not there after all, or what runs was rejected, which is no news. */
async function judge(
  { choice, shelf, seen, current }: Search,
  tag: string,
  signal: AbortSignal,
): Promise<Judged | undefined> {
  const found = await shelf.find(tag, signal);
  if (found.kind === 'Gone') {
    return undefined;
  }
  if (found.kind === 'Unfit') {
    return { kind: 'Unfit', tag, message: `may not be taken, because ${found.reason}` };
  }
  const version = { tag, digest: found.digest };
  const now = choice.now();
  const rejection = findRejection(choice.rejections, choice.app, version.digest, now);
  if (rejection !== undefined) {
    return version.digest === current.digest ? undefined : { kind: 'Rejected', tag, rejection };
  }
  if (isRunning(choice.running, version)) {
    return { kind: 'UpToDate' };
  }
  // A young one is looked at once it is old enough: all else costs requests.
  const young = await judgeAge({ requirements: choice.policy.requirements, seen, shelf, now }, version, signal);
  const bar = young ?? (await shelf.findBar?.(version, signal)) ?? (await shelf.findUnsigned?.(version, signal));
  return bar ?? { kind: 'Newer', version };
}

/** The one to speak of: that which is taken first by itself, else the best one. */
function nearest(obstacles: readonly Obstacle[]): Obstacle | undefined {
  const young = obstacles.filter((one) => one.kind === 'Young');
  const [first] = young.toSorted((left, right) => left.until.getTime() - right.until.getTime());
  return first ?? obstacles[0];
}

/** Where none is taken. */
function restOf({ message }: Offer, obstacles: readonly Obstacle[]): Outcome {
  return nearest(obstacles) ?? (message === undefined ? { kind: 'UpToDate' } : { kind: 'Nothing', message });
}

function sayObstacle(obstacle: Obstacle): PassedVersion {
  const { tag } = obstacle;
  switch (obstacle.kind) {
    case 'Rejected': {
      const { author, reason } = obstacle.rejection;
      return { tag, reason: 'VersionRejected', message: clipMessage(`was rejected by ${author} (${reason})`) };
    }
    case 'Young':
      return { tag, reason: 'MinimumAge', message: obstacle.message };
    default:
      return { tag, reason: obstacle.kind, message: clipMessage(obstacle.message) };
  }
}

function sayUnasked(tag: string): PassedVersion {
  const message = `was not looked at, because ${maxCandidates} better ones may not be taken`;
  return { tag, reason: 'NotLookedAt', message };
}
