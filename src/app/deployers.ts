/** The table of deploy kinds: every Deployer with the adapters it works through. */
import { createLiveObjects } from '../adapters/cluster/live-objects.ts';
import type { OperationError } from '../core/errors.ts';
import type { Deployers } from '../engine/deploy/deployer.ts';
import { createPatchDeployer } from '../engine/deploy/patch/patch-deployer.ts';
import { createWorkloadsDeployer, type WorkloadsContext } from '../engine/deploy/workloads/workloads-deployer.ts';
import type { Folders } from '../engine/ports/manifest-files.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Clock } from '../kube/clock.ts';
import { createDiscovery } from '../kube/discovery.ts';
import { createManifests, type ManifestSettings } from './manifests.ts';

export interface DeployersContext extends WorkloadsContext {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Told keys of what a change in the cluster concerns; may be filled in later. */
  readonly wake: { readonly app: (key: string) => void; readonly update: (key: string) => void };
  /** Told the key of an App whose objects changed. */
  readonly onObjectChange: (app: string) => void;
  readonly manifests: ManifestSettings;
  readonly onError: (error: OperationError) => void;
  readonly signal: AbortSignal;
}

/** Starts no watch before an App needs it. */
export function createDeployers(context: DeployersContext): {
  readonly deployers: Deployers;
  readonly folders: Folders;
} {
  const { client, clock, wake } = context;
  const discovery = createDiscovery({ client, clock });
  const objects = createLiveObjects({
    ...context,
    discovery,
    onChange: ({ of, key }) => (of === 'App' ? wake.app(key) : wake.update(key)),
  });
  const manifests = createManifests({ ...context, discovery, settings: context.manifests });
  const deployers = {
    Workloads: createWorkloadsDeployer(context),
    Patch: createPatchDeployer({ ...context, objects }),
    Manifests: manifests.deployer,
  };
  return { deployers, folders: manifests.folders };
}
