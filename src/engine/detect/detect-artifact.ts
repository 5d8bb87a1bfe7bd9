/** Finds which newer tag of an OCI artifact a policy takes. */
import { type ArtifactSource, registrySourceOf } from '../../core/app/sources.ts';
import { keepsAccess } from '../keeps-access.ts';
import type { ArtifactRegistry } from '../ports/artifacts.ts';
import type { Registry, RegistryAccess, RegistryAccesses } from '../ports/registry.ts';
import { chooseVersion } from './choose-version.ts';
import { findArtifactCreated } from './find-created.ts';
import type { Detector, SourceRequest } from './finding.ts';
import { judgeSignatures, type SignatureContext } from './judge-signatures.ts';
import { newestRunning } from './offered-tags.ts';
import { registryShelf } from './registry-shelf.ts';
import type { Shelf } from './shelf.ts';

export interface ArtifactContext extends SignatureContext {
  readonly registry: Registry;
  readonly artifactRegistry: ArtifactRegistry;
  readonly accesses: RegistryAccesses;
}

export function detectArtifact(context: ArtifactContext, request: SourceRequest<ArtifactSource>): Detector {
  const { source, running, app } = request;
  const place = registrySourceOf(source, source.repository);
  return {
    current: newestRunning(source.policy, running),
    ask: async (signal) => {
      const access = await context.accesses.accessFor(app.namespace, place, signal);
      const shelf = shelfOf(context, request, access);
      return await keepsAccess(
        () => chooseVersion({ ...request, policy: source.policy }, shelf, signal),
        () => context.accesses.forget(app.namespace, place),
      );
    },
  };
}

function shelfOf(
  context: ArtifactContext,
  { app, source }: SourceRequest<ArtifactSource>,
  access: RegistryAccess,
): Shelf {
  const place = { repository: source.repository, access };
  const question = { namespace: app.namespace, place, policy: source.verify };
  return {
    ...registryShelf(context.registry, source, access),
    findCreated: ({ digest }, signal) => findArtifactCreated(context.artifactRegistry, place, digest, signal),
    findUnsigned: (version, signal) => judgeSignatures(context, question, version, signal),
  };
}
