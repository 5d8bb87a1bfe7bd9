/** Finds which newer tag of an image repository a policy takes, and its digest. */
import type { ImageSource } from '../../core/app/app.ts';
import type { Rejection } from '../../core/app/rejection.ts';
import { isOperationError } from '../../core/errors.ts';
import type { FirstSeen } from '../../core/policy/requirements.ts';
import type { Version } from '../../core/update/version-change.ts';
import type { Workload } from '../../core/workload/workload.ts';
import type { Nodes } from '../ports/nodes.ts';
import type { Puller, Registry, RegistryAccess, RegistryAccesses } from '../ports/registry.ts';
import { answerPinned, isRunning, maxCandidates, newestRunning, type Offer, offeredTags } from './choose-version.ts';
import { type Obstacle as Barred, findRejected, findUnverified, type ObstacleContext } from './find-obstacle.ts';
import { findUnmet, SeenVersions, type UnmetRequest } from './find-unmet.ts';
import type { Answer, Detector, Unmet } from './finding.ts';
import { registryShelf } from './registry-shelf.ts';
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

export function detectImage(context: ImageContext, request: ImageRequest): Detector {
  const current = newestRunning(request.source.policy, request.running);
  return { current, ask: async (signal) => await askRegistry(context, { ...request, current }, signal) };
}

interface Asked extends ImageRequest {
  readonly current: Version;
}

async function askRegistry(context: ImageContext, asked: Asked, signal: AbortSignal): Promise<Answer> {
  const { policy, verify } = asked.source;
  const pinned = answerPinned({ ...asked, policy, now: () => context.clock.now() });
  if (pinned !== undefined && (pinned.kind !== 'Newer' || verify === undefined)) {
    return pinned;
  }
  const { namespace } = asked.app;
  const access = await context.accesses.accessFor(namespace, asked.source, signal, asked.pullers);
  try {
    return pinned?.kind === 'Newer'
      ? await verifyPinned(context, { ...asked, access }, pinned, signal)
      : await choose(context, { ...asked, access }, signal);
  } catch (error) {
    // Whatever went wrong, a Secret may be what is mended next: a password, or the certificates of the registry.
    if (!isOperationError(error, 'REGISTRY_RATE_LIMITED')) {
      context.accesses.forget(namespace, asked.source);
    }
    throw isOperationError(error, 'REGISTRY_DENIED') ? withNotes(error, access.notes ?? []) : error;
  }
}

/** Exactly this one is wanted, and only its signatures have to be asked for. */
async function verifyPinned(
  context: ImageContext,
  asked: Asked & { readonly access: RegistryAccess },
  newer: Answer & { readonly kind: 'Newer' },
  signal: AbortSignal,
): Promise<Answer> {
  const { tag = '', digest = '' } = newer.version;
  return (await findUnverified(context, asked, { tag, digest }, signal)) ?? newer;
}

async function choose(
  context: ImageContext,
  asked: Asked & { readonly access: RegistryAccess },
  signal: AbortSignal,
): Promise<Answer> {
  const { source, current, running, access } = asked;
  const shelf = registryShelf(context.registry, source, access);
  const offer = await offeredTags({ policy: source.policy, running }, current, { shelf, signal });
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
