/** Finds which newer tag of an image repository a policy takes, and its digest. */
import type { ImageSource } from '../../core/app/app.ts';
import type { Rejection } from '../../core/app/rejection.ts';
import { isOperationError } from '../../core/errors.ts';
import { needsTagList } from '../../core/policy/policy.ts';
import { rankTags, tagComparer } from '../../core/policy/rank-tags.ts';
import type { FirstSeen } from '../../core/policy/requirements.ts';
import type { Version } from '../../core/update/version-change.ts';
import type { Workload } from '../../core/workload/workload.ts';
import type { Nodes } from '../ports/nodes.ts';
import type { Puller, Registry, RegistryAccess, RegistryAccesses } from '../ports/registry.ts';
import { type Obstacle as Barred, findRejected, findUnverified, type ObstacleContext } from './find-obstacle.ts';
import { findUnmet, SeenVersions, type UnmetRequest } from './find-unmet.ts';
import type { Answer, Detector, Unmet } from './finding.ts';
import { withNotes } from './with-notes.ts';

export interface ImageContext extends ObstacleContext {
  readonly registry: Registry;
  readonly accesses: RegistryAccesses;
  readonly nodes: Nodes;
}

export interface ImageRequest {
  readonly app: { readonly namespace: string; readonly name: string };
  readonly source: ImageSource;
  /** The distinct versions that the containers of the source are set to. */
  readonly running: readonly Version[];
  /** Workloads of the App, with whose pull secrets the registry may be asked. */
  readonly pullers: readonly (Puller & Pick<Workload, 'placement'>)[];
  /** Clocks of the candidates of earlier checks. */
  readonly firstSeen: readonly FirstSeen[];
  readonly rejections: readonly Rejection[];
}

/** Candidates whose digests are asked for at most; each is a request, and only rejected and unverified ones are passed over. */
const maxCandidates = 20;

export function detectImage(context: ImageContext, request: ImageRequest): Detector {
  const current = newestOf(request.source, request.running);
  return { current, ask: async (signal) => await askRegistry(context, { ...request, current }, signal) };
}

interface Asked extends ImageRequest {
  readonly current: Version;
}

async function askRegistry(context: ImageContext, asked: Asked, signal: AbortSignal): Promise<Answer> {
  const { namespace } = asked.app;
  const access = await context.accesses.accessFor(namespace, asked.source, signal, asked.pullers);
  try {
    return await choose(context, { ...asked, access }, signal);
  } catch (error) {
    // Whatever went wrong, a Secret may be what is mended next: a password, or the certificates of the registry.
    if (!isOperationError(error, 'REGISTRY_RATE_LIMITED')) {
      context.accesses.forget(namespace, asked.source);
    }
    throw isOperationError(error, 'REGISTRY_DENIED') ? withNotes(error, access.notes ?? []) : error;
  }
}

async function choose(
  context: ImageContext,
  asked: Asked & { readonly access: RegistryAccess },
  signal: AbortSignal,
): Promise<Answer> {
  const { source } = asked;
  const offer = await offeredTags(context.registry, asked, signal);
  const seen = new SeenVersions(asked.firstSeen);
  const answer = await chooseFrom(context, { ...asked, seen, workloads: asked.pullers }, offer, signal);
  return source.policy.requirements?.minimumAgeMs === undefined ? answer : { ...answer, firstSeen: seen.all };
}

async function chooseFrom(
  context: ImageContext,
  asked: Asked & UnmetRequest,
  offer: Offer,
  signal: AbortSignal,
): Promise<Answer> {
  const { source, current, access } = asked;
  let passedOver: Obstacle | undefined;
  for (const tag of offer.candidates.slice(0, maxCandidates)) {
    const digest = await context.registry.findDigest(source.repository, tag, access, signal);
    if (digest === undefined) {
      continue;
    }
    const version = { tag, digest };
    const rejected = findRejected(context, asked, version);
    if (!rejected && isRunning(asked.running, version)) {
      return passedOver ?? { kind: 'UpToDate' };
    }
    const obstacle =
      rejected ??
      (await findUnmet(context, asked, version, signal)) ??
      (await findUnverified(context, asked, version, signal));
    if (!obstacle) {
      return { kind: 'Newer', version };
    }
    passedOver = nearer(passedOver, obstacle);
  }
  return answerWithout(offer, current, passedOver);
}

type Obstacle = Barred | Unmet;

/** Of two that may not be taken the one to speak of: that which is taken first by itself, else the better one. */
function nearer(former: Obstacle | undefined, latter: Obstacle): Obstacle {
  const isSooner =
    former === undefined || (latter.kind === 'Young' && (former.kind !== 'Young' || latter.until < former.until));
  return isSooner ? latter : former;
}

/** Where none is taken. A rejected version that runs is no news. */
function answerWithout({ message }: Offer, current: Version, passedOver: Obstacle | undefined): Answer {
  const isCurrent = passedOver?.kind === 'Rejected' && passedOver.rejection.digest === current.digest;
  if (passedOver && !isCurrent) {
    return passedOver;
  }
  return message === undefined ? { kind: 'UpToDate' } : { kind: 'Nothing', message };
}

interface Offer {
  readonly candidates: readonly string[];
  /** What to say when none is taken. */
  readonly message?: string;
}

/** Tags worth asking the digest of, best first. */
async function offeredTags(
  registry: Registry,
  asked: Asked & { readonly access: RegistryAccess },
  signal: AbortSignal,
): Promise<Offer> {
  const { source, current, access, running } = asked;
  if (!needsTagList(source.policy)) {
    return namedTags(source, current);
  }
  const tags = await registry.listTags(source.repository, access, signal);
  const ranking = rankTags(source.policy, { tags, current: current.tag });
  const candidates = ranking.candidates.map((candidate) => candidate.tag);
  if (candidates.length > 0) {
    return { candidates };
  }
  if (ranking.obstacle !== undefined) {
    return { candidates: [], message: `tags of ${source.repositoryText}: ${ranking.obstacle}` };
  }
  if (
    running.some((version) => version.tag !== current.tag) &&
    current.tag !== undefined &&
    tags.includes(current.tag)
  ) {
    // Some containers lag behind the newest one: bring them up to it.
    return { candidates: [current.tag] };
  }
  if (tags.length === 0) {
    return { candidates: [], message: `${source.repositoryText} has no tags` };
  }
  return current.tag !== undefined && tags.includes(current.tag)
    ? { candidates: [] }
    : {
        candidates: [],
        message: `none of the ${tags.length} tags of ${source.repositoryText} may be taken by the policy`,
      };
}

/** What a policy wants that names its tag. */
function namedTags(source: ImageSource, current: Version): Offer {
  const candidates = rankTags(source.policy, { tags: [], current: current.tag }).candidates.map(({ tag }) => tag);
  return candidates.length === 0
    ? { candidates }
    : { candidates, message: `${source.repositoryText} has no tag "${candidates.join('", "')}"` };
}

/** Whether every container already has the version, as far as its image tells. */
function isRunning(all: readonly Version[], version: Version): boolean {
  return all.length > 0 && all.every((one) => one.tag === version.tag && one.digest === version.digest);
}

/** The newest of several, so that none is ever taken back by an update; a tag that is no version is older than any. */
function newestOf(source: ImageSource, versions: readonly Version[]): Version {
  const compare = tagComparer(source.policy);
  const [first = { tag: undefined, digest: undefined }, ...rest] = versions;
  return rest.reduce((newest, version) => (compare(version.tag ?? '', newest.tag ?? '') > 0 ? version : newest), first);
}
