/** The deploy kind `helm`, wired by hand. */
import { ClusterHelmReleases } from '../../adapters/cluster/helm-releases.ts';
import { createObjectAccess } from '../../adapters/cluster/objects.ts';
import { keepStepLog } from '../../adapters/cluster/step-logs.ts';
import { ClusterValueDocuments } from '../../adapters/cluster/value-documents.ts';
import { ObjectWatcher } from '../../adapters/cluster/watched-objects.ts';
import { readChartDefinitions } from '../../adapters/helm/chart-definitions.ts';
import { type HelmPrograms, runHelm } from '../../adapters/helm/helm-program.ts';
import { ProgramHelmOperations } from '../../adapters/helm/operations.ts';
import { rehearseUpgrade } from '../../adapters/helm/rehearse-upgrade.ts';
import { renderDefinitions } from '../../adapters/helm/render-definitions.ts';
import { Turns } from '../../adapters/helm/turns.ts';
import type { TimeLimit } from '../../core/cel/time-limit.ts';
import { isOperationError, type OperationError } from '../../core/errors.ts';
import type { Deployer } from '../../engine/deploy/deployer.ts';
import type { ChartArchives } from '../../engine/deploy/helm/helm-context.ts';
import { createHelmDeployer } from '../../engine/deploy/helm/helm-deployer.ts';
import type { OperationId, ReleaseKey } from '../../engine/ports/helm.ts';
import type { Records } from '../../engine/ports/records.ts';
import type { Workloads } from '../../engine/ports/workloads.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';
import type { KubeConfig } from '../../kube/config.ts';
import type { Discovery } from '../../kube/discovery.ts';
import { createGateway } from '../../kube/gateway.ts';

export interface HelmSettings {
  /** How Helm's requests are passed on. */
  readonly config: KubeConfig;
  readonly programs: HelmPrograms;
}

export interface HelmSetupOptions {
  readonly settings: HelmSettings;
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly clock: Clock;
  readonly records: Records;
  readonly workloads: Workloads;
  readonly charts: ChartArchives;
  readonly assertLeading: () => void;
  readonly onReleaseChange: (release: ReleaseKey) => void;
  /** @param key `namespace/name` */
  readonly wakeApp: (key: string) => void;
  readonly wakeUpdate: (key: string) => void;
  readonly onError: (error: OperationError) => void;
  readonly limit: TimeLimit;
  readonly signal: AbortSignal;
}

export interface HelmSetup {
  readonly deployer: Deployer;
  /** After the signal: no process of Helm is left. */
  close(): Promise<void>;
}

/** Processes of Helm at once, each up to half a gigabyte: the others wait. */
const mostAtOnce = 4;

export function setUpHelm(options: HelmSetupOptions): HelmSetup {
  const { settings, client, discovery, clock, records, workloads, charts, assertLeading, onError, signal } = options;
  const gateway = createGateway(settings.config);
  const documents = new ClusterValueDocuments({ client, onChange: options.wakeApp, onError, signal });
  const turns = new Turns(mostAtOnce);
  const program = { programs: settings.programs, gateway, assertLeading };
  const operations = new ProgramHelmOperations({
    turns,
    run: (release, operation, inner) => runHelm(program, release, operation, inner),
    keepLog: async (id, text) => await keepLog(options, id, text),
    onEnd: ({ namespace, name }) => options.wakeUpdate(`${namespace}/${name}`),
    now: () => clock.now(),
    signal,
  });
  const watchFor = (onChange: (key: string) => void) =>
    new ObjectWatcher({ client, discovery, clock, onChange, onError, limit: options.limit, signal });
  const deployer = createHelmDeployer({
    releases: new ClusterHelmReleases({ client, onChange: options.onReleaseChange, onError, signal }),
    operations,
    rehearsals: {
      rehearse: (release, upgrade, inner) => turns.take(() => rehearseUpgrade(program, release, upgrade, inner)),
    },
    documents,
    charts,
    definitions: {
      read: readChartDefinitions,
      render: (release, upgrade, inner) => turns.take(() => renderDefinitions(program, release, upgrade, inner)),
    },
    objects: createObjectAccess({ client, discovery, clock }),
    watched: watchFor(options.wakeUpdate),
    watchedAtRest: watchFor(options.wakeApp),
    workloads,
    records,
    clock,
    drift: new Map(),
  });
  return {
    deployer,
    close: async () => {
      await operations.idle();
      await gateway.close();
    },
  };
}

/** A log that cannot be kept is told, and holds up nothing. */
async function keepLog(
  { client, records, onError, signal }: HelmSetupOptions,
  { update: { namespace, name }, step }: OperationId,
  text: string,
): Promise<string | undefined> {
  const update = records.findUpdate(namespace, name);
  try {
    const kept = update && (await keepStepLog(client, { update, step, text }, signal));
    return kept && `ConfigMap ${kept}`;
  } catch (error) {
    if (!isOperationError(error) || error.code === 'INVARIANT') {
      throw error;
    }
    onError(error);
    return undefined;
  }
}
