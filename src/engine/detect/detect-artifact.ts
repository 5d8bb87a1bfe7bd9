/** Finds which newer tag of an OCI artifact a policy takes. */
import { type ArtifactSource, registrySourceOf } from '../../core/app/sources.ts';
import { keepsAccess } from '../keeps-access.ts';
import type { Registry, RegistryAccesses } from '../ports/registry.ts';
import { chooseVersion, newestRunning } from './choose-version.ts';
import type { Detector, SourceRequest } from './finding.ts';
import { registryShelf } from './registry-shelf.ts';

export interface ArtifactContext {
  readonly registry: Registry;
  readonly accesses: RegistryAccesses;
}

export function detectArtifact(context: ArtifactContext, request: SourceRequest<ArtifactSource>): Detector {
  const { source, running, app } = request;
  const place = registrySourceOf(source, source.repository);
  return {
    current: newestRunning(source.policy, running),
    ask: async (signal) => {
      const access = await context.accesses.accessFor(app.namespace, place, signal);
      const shelf = registryShelf(context.registry, source, access);
      return await keepsAccess(
        () => chooseVersion({ ...request, policy: source.policy }, shelf, signal),
        () => context.accesses.forget(app.namespace, place),
      );
    },
  };
}
