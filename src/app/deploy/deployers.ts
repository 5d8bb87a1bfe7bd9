/** The table of deploy kinds: every Deployer with the adapters it works through. */
import { createTimeLimit } from '../../adapters/cel/time-limit.ts';
import { createGitAccesses } from '../../adapters/cluster/git-accesses.ts';
import { createLiveObjects } from '../../adapters/cluster/live-objects.ts';
import { onReleaseChange, type Wakeable } from '../../controllers/wake.ts';
import { invariant, type OperationError } from '../../core/errors.ts';
import { type ChartAccessContext, fetchChart } from '../../engine/chart-access.ts';
import type { Deployers } from '../../engine/deploy/deployer.ts';
import { createGitDeployer } from '../../engine/deploy/git/git-deployer.ts';
import type { ChartArchives } from '../../engine/deploy/helm/helm-context.ts';
import type { TreeContext } from '../../engine/deploy/manifests/read-tree.ts';
import { createPatchDeployer } from '../../engine/deploy/patch/patch-deployer.ts';
import { createWorkloadsDeployer, type WorkloadsContext } from '../../engine/deploy/workloads/workloads-deployer.ts';
import type { Folders } from '../../engine/ports/manifest-files.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';
import { createDiscovery } from '../../kube/discovery.ts';
import type { PlaceGuard } from '../../network/place-guard.ts';
import { createGitTools } from './git-tools.ts';
import { type HelmSettings, setUpHelm } from './helm-setup.ts';
import { createManifests, type ManifestSettings } from './manifests.ts';

export interface DeployersContext extends WorkloadsContext {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly helm: HelmSettings;
  /** Told what a change in the cluster concerns. */
  readonly wakeable: Wakeable;
  /** Told the key of an App whose objects changed. */
  readonly onObjectChange: (app: string) => void;
  readonly manifests: ManifestSettings;
  readonly sources: Omit<TreeContext, 'folders'> & ChartAccessContext;
  readonly onError: (error: OperationError) => void;
  /** Where nothing is ever sent, whoever names it. */
  readonly guard: PlaceGuard;
  readonly assertLeading: () => void;
  readonly signal: AbortSignal;
}

export interface DeployersSetup {
  readonly deployers: Deployers;
  readonly folders: Folders;
  /** After the signal: waits for what was begun to end. */
  close(): Promise<void>;
}

/** Starts no watch before an App needs it. */
export function createDeployers(context: DeployersContext): DeployersSetup {
  const { client, clock, wakeable } = context;
  const discovery = createDiscovery({ client, clock });
  const objects = createLiveObjects({
    ...context,
    discovery,
    onChange: ({ of, key }) => (of === 'App' ? wakeable.wakeApp(key) : wakeable.wakeUpdate(key)),
  });
  const limit = createTimeLimit();
  const manifests = createManifests({ ...context, limit, discovery, settings: context.manifests });
  const helm = setUpHelm({
    ...context,
    limit,
    discovery,
    settings: context.helm,
    charts: chartArchives(context.sources),
    onReleaseChange: (release) => onReleaseChange(wakeable, release),
    wakeApp: wakeable.wakeApp,
    wakeUpdate: wakeable.wakeUpdate,
  });
  const git = createGitTools(context.manifests.searchPath, context.guard, context.signal);
  const deployers = {
    Workloads: createWorkloadsDeployer(context),
    Helm: helm.deployer,
    Patch: createPatchDeployer({ ...context, objects, limit }),
    Manifests: manifests.deployer,
    Git: createGitDeployer({ ...context, ...git, objects, limit, accesses: createGitAccesses(client) }),
  };
  return { deployers, folders: manifests.folders, close: helm.close };
}

function chartArchives(context: ChartAccessContext): ChartArchives {
  return {
    fetchChart: async (namespace, source, version, signal) => {
      invariant(
        source.kind === 'Chart',
        `the chart of source ${source.name}, which is of kind ${source.kind}, is asked for`,
      );
      return await fetchChart(context, { namespace, source, version }, signal);
    },
  };
}
