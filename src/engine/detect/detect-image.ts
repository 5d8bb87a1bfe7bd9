/** Finds, for one App, which newer versions its sources offer. */
import type { AppSpec, ImageSource } from '../../core/app/app.ts';
import type { BoundContainer } from '../../core/app/bind-containers.ts';
import { findRejection, type Rejection } from '../../core/app/rejection.ts';
import { isOperationError, type OperationError } from '../../core/errors.ts';
import { parseImageReference } from '../../core/image/reference.ts';
import { needsTagList } from '../../core/policy/policy.ts';
import { rankTags, tagComparer } from '../../core/policy/rank-tags.ts';
import type { Version } from '../../core/update/journal.ts';
import type { Clock } from '../ports/clock.ts';
import type { Registry, RegistryAccess, RegistryAccesses } from '../ports/registry.ts';

export interface DetectContext {
  readonly registry: Registry;
  readonly accesses: RegistryAccesses;
  readonly clock: Clock;
}

export interface DetectRequest {
  readonly app: { readonly namespace: string; readonly name: string };
  readonly spec: AppSpec;
  readonly containers: readonly BoundContainer[];
  readonly rejections: readonly Rejection[];
}

/** What one source has to offer. */
export type Finding = { readonly source: ImageSource; readonly current: Version } & (
  | { readonly kind: 'UpToDate' }
  | { readonly kind: 'Newer'; readonly version: Version }
  /** The newest version may not be taken, and there is nothing else that is newer. */
  | { readonly kind: 'Rejected'; readonly tag: string; readonly rejection: Rejection }
  /** No tag, or none that the policy takes; changes nothing. */
  | { readonly kind: 'Nothing'; readonly message: string }
  | { readonly kind: 'Unavailable'; readonly error: OperationError }
);

/** Candidates whose digests are asked for at most; each is a request, and only rejected ones are passed over. */
const maxCandidates = 20;

/**
 * Asks the registries of all sources.
 *
 * A registry that cannot be asked is a finding, not an error: the App says so and the others go on.
 */
export async function detect(context: DetectContext, request: DetectRequest, signal: AbortSignal): Promise<Finding[]> {
  return await Promise.all(
    request.spec.sources.map(async (source) => {
      const current = currentVersions(source, request.containers);
      const base = { source, current: newestOf(source, current) };
      try {
        return { ...base, ...(await askSource(context, request, { ...base, all: current }, signal)) };
      } catch (error) {
        if (isOperationError(error) && error.code !== 'INVARIANT') {
          return { ...base, kind: 'Unavailable', error };
        }
        throw error;
      }
    }),
  );
}

interface Asked {
  readonly source: ImageSource;
  readonly current: Version;
  readonly all: readonly Version[];
}

type Answer =
  | { readonly kind: 'UpToDate' }
  | { readonly kind: 'Newer'; readonly version: Version }
  | { readonly kind: 'Rejected'; readonly tag: string; readonly rejection: Rejection }
  | { readonly kind: 'Nothing'; readonly message: string };

async function askSource(
  context: DetectContext,
  request: DetectRequest,
  asked: Asked,
  signal: AbortSignal,
): Promise<Answer> {
  const { namespace } = request.app;
  const access = await context.accesses.accessFor(namespace, asked.source, signal);
  try {
    return await choose(context, request, { ...asked, access }, signal);
  } catch (error) {
    // Whatever went wrong, a Secret may be what is mended next: a password, or the certificates of the registry.
    context.accesses.forget(namespace, asked.source);
    throw error;
  }
}

async function choose(
  context: DetectContext,
  request: DetectRequest,
  asked: Asked & { readonly access: RegistryAccess },
  signal: AbortSignal,
): Promise<Answer> {
  const { source, current, access } = asked;
  const offer = await offeredTags(context.registry, asked, signal);
  let passedOver: { tag: string; rejection: Rejection } | undefined;
  for (const tag of offer.candidates.slice(0, maxCandidates)) {
    const digest = await context.registry.findDigest(source.repository, tag, access, signal);
    if (digest === undefined) {
      continue;
    }
    const rejection = findRejection(request.rejections, request.app, digest, context.clock.now());
    if (!rejection) {
      return isRunning(asked.all, { tag, digest }) ? { kind: 'UpToDate' } : { kind: 'Newer', version: { tag, digest } };
    }
    passedOver ??= { tag, rejection };
  }
  if (passedOver && passedOver.rejection.digest !== current.digest) {
    return { kind: 'Rejected', ...passedOver };
  }
  return offer.message === undefined ? { kind: 'UpToDate' } : { kind: 'Nothing', message: offer.message };
}

/** Tags worth asking the digest of, best first. */
async function offeredTags(
  registry: Registry,
  asked: Asked & { readonly access: RegistryAccess },
  signal: AbortSignal,
): Promise<{ readonly candidates: readonly string[]; readonly message?: string }> {
  const { source, current, access, all } = asked;
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
  if (all.some((version) => version.tag !== current.tag) && current.tag !== undefined && tags.includes(current.tag)) {
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
function namedTags(source: ImageSource, current: Version): { candidates: readonly string[]; message?: string } {
  const candidates = rankTags(source.policy, { tags: [], current: current.tag }).candidates.map(({ tag }) => tag);
  return candidates.length === 0
    ? { candidates }
    : { candidates, message: `${source.repositoryText} has no tag "${candidates.join('", "')}"` };
}

/** Whether every container already has the version, as far as its image tells. */
function isRunning(all: readonly Version[], version: Version): boolean {
  return all.length > 0 && all.every((one) => one.tag === version.tag && one.digest === version.digest);
}

/** The distinct versions that the containers of a source are set to. */
function currentVersions(source: ImageSource, containers: readonly BoundContainer[]): readonly Version[] {
  const versions = new Map<string, Version>();
  for (const { container, source: of } of containers) {
    if (of.name !== source.name) {
      continue;
    }
    const version = versionOfImage(container.image);
    versions.set(`${version.tag}@${version.digest}`, version);
  }
  return [...versions.values()];
}

/** Tag and digest in an image's text; both undefined where the text is no reference. */
export function versionOfImage(image: string): Version {
  try {
    const { tag, digest } = parseImageReference(image);
    return { tag: tag ?? (digest === undefined ? 'latest' : undefined), digest };
  } catch {
    return { tag: undefined, digest: undefined };
  }
}

/** The newest of several, so that none is ever taken back by an update; a tag that is no version is older than any. */
function newestOf(source: ImageSource, versions: readonly Version[]): Version {
  const compare = tagComparer(source.policy);
  const [first = { tag: undefined, digest: undefined }, ...rest] = versions;
  return rest.reduce((newest, version) => (compare(version.tag ?? '', newest.tag ?? '') > 0 ? version : newest), first);
}
