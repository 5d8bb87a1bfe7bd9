/** Finds which newer tag of an image repository a policy takes, and its digest. */
import type { ImageSource } from '../../core/app/app.ts';
import { isOperationError } from '../../core/errors.ts';
import type { Workload } from '../../core/workload/workload.ts';
import { keepsAccess } from '../keeps-access.ts';
import type { ArtifactRegistry } from '../ports/artifacts.ts';
import type { Nodes } from '../ports/nodes.ts';
import type { Puller, Registry, RegistryAccess, RegistryAccesses } from '../ports/registry.ts';
import { answerPinned, chooseVersion } from './choose-version.ts';
import { findImageCreated } from './find-created.ts';
import type { Answer, Detector, SourceRequest } from './finding.ts';
import { judgePlatforms } from './judge-platforms.ts';
import { judgeSignatures, type SignatureContext } from './judge-signatures.ts';
import { newestRunning } from './offered-tags.ts';
import { registryShelf } from './registry-shelf.ts';
import type { Shelf } from './shelf.ts';
import { withNotes } from './with-notes.ts';

export interface ImageContext extends SignatureContext {
  readonly registry: Registry;
  readonly artifactRegistry: ArtifactRegistry;
  readonly accesses: RegistryAccesses;
  readonly nodes: Nodes;
}

export interface ImageRequest extends SourceRequest<ImageSource> {
  /** Workloads of the App, with whose pull secrets the registry may be asked. */
  readonly pullers: readonly (Puller & Pick<Workload, 'placement'>)[];
}

export function detectImage(context: ImageContext, request: ImageRequest): Detector {
  const { policy } = request.source;
  return {
    current: newestRunning(policy, request.running),
    ask: async (signal) => await askRegistry(context, request, signal),
  };
}

async function askRegistry(context: ImageContext, request: ImageRequest, signal: AbortSignal): Promise<Answer> {
  const { source, pullers } = request;
  const { namespace } = request.app;
  const pinned = answerPinned({ ...request, policy: source.policy });
  if (pinned !== undefined && (pinned.kind !== 'Newer' || source.verify === undefined)) {
    return pinned;
  }
  const access = await context.accesses.accessFor(namespace, source, signal, pullers);
  try {
    return await keepsAccess(
      () => chooseVersion({ ...request, policy: source.policy }, shelfOf(context, request, access), signal),
      () => context.accesses.forget(namespace, source),
    );
  } catch (error) {
    throw isOperationError(error, 'REGISTRY_DENIED') ? withNotes(error, access.notes ?? []) : error;
  }
}

function shelfOf(context: ImageContext, { app, source, pullers }: ImageRequest, access: RegistryAccess): Shelf {
  const { repository, verify: policy } = source;
  const { platforms } = source.policy.requirements ?? {};
  const place = { repository, access };
  const findImage = (digest: string, signal: AbortSignal) =>
    context.registry.findImage(repository, digest, access, signal);
  return {
    ...registryShelf(context.registry, source, access),
    findCreated: async ({ digest }, signal) => {
      const image = await findImage(digest, signal);
      return image && (await findImageCreated(context.artifactRegistry, place, image, signal));
    },
    async findBar(version, signal) {
      // A header told the digest. Before it is acted on, its bytes must be there, which the client compares with it.
      const image = await findImage(version.digest, signal);
      if (image === undefined) {
        const reason = `the registry has nothing under ${version.digest}, which it told for the tag`;
        return { kind: 'Unfit', tag: version.tag, message: `may not be taken, because ${reason}` };
      }
      return await judgePlatforms(context, { platforms, image, workloads: pullers }, version, signal);
    },
    findUnsigned: (version, signal) =>
      judgeSignatures(context, { namespace: app.namespace, place, policy }, version, signal),
  };
}
