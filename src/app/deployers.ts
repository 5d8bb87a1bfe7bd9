/** The table of deploy kinds: every Deployer with the adapters it works through. */
import { createLiveObjects } from '../adapters/cluster/live-objects.ts';
import type { OperationError } from '../core/errors.ts';
import type { Deployers } from '../engine/deploy/deployer.ts';
import { createPatchDeployer } from '../engine/deploy/patch/patch-deployer.ts';
import { createWorkloadsDeployer, type WorkloadsContext } from '../engine/deploy/workloads/workloads-deployer.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Clock } from '../kube/clock.ts';
import { createDiscovery } from '../kube/discovery.ts';

export interface DeployersContext extends WorkloadsContext {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** Told keys of what a change in the cluster concerns; may be filled in later. */
  readonly wake: { readonly app: (key: string) => void; readonly update: (key: string) => void };
  readonly onError: (error: OperationError) => void;
  readonly signal: AbortSignal;
}

/** Starts no watch before an App needs it. */
export function createDeployers(context: DeployersContext): Deployers {
  const { client, clock, wake } = context;
  const objects = createLiveObjects({
    ...context,
    discovery: createDiscovery({ client, clock }),
    onChange: ({ of, key }) => (of === 'App' ? wake.app(key) : wake.update(key)),
  });
  return {
    Workloads: createWorkloadsDeployer(context),
    Patch: createPatchDeployer({ ...context, objects }),
  };
}
