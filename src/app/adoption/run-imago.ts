/** `headgate imago`: what Imago does, in one pass over the workloads of some namespaces. */
import { workloadTypes } from '../../adapters/cluster/kinds.ts';
import { createDirectRecords } from '../../adapters/cluster/records.ts';
import { ClusterRegistryAccesses } from '../../adapters/cluster/registry-accesses.ts';
import type { Watched } from '../../adapters/cluster/watched.ts';
import { ClusterWorkloads } from '../../adapters/cluster/workloads.ts';
import { readPullSecrets } from '../../adapters/registry/credentials.ts';
import type { Rejection } from '../../core/app/rejection.ts';
import { describeError, isOperationError } from '../../core/errors.ts';
import type { Workload, WorkloadKind } from '../../core/workload/workload.ts';
import { createDigestLookup } from '../../engine/imago/digest-lookup.ts';
import { type ImagoContext, type ImagoMode, visitWorkload } from '../../engine/imago/visit-workload.ts';
import type { DirectRecords } from '../../engine/ports/records.ts';
import { createKubeClient, type KubeClient } from '../../kube/client.ts';
import { systemClock as clock } from '../../kube/clock.ts';
import { decodeWorkload } from '../../resources/app/decode-workload.ts';
import { createLogger } from '../../telemetry/log.ts';
import { type ConnectionOptions, loadConnection } from '../config.ts';
import { openRegistries, readRegistrySetup } from '../sources/registry-setup.ts';

export interface ImagoSettings extends ConnectionOptions {
  readonly mode: ImagoMode;
  /** Empty: that of the context. */
  readonly namespaces: readonly string[];
  readonly allNamespaces: boolean;
  readonly excludedNamespaces: readonly string[];
  readonly labelSelector: string | undefined;
  readonly fieldSelector: string | undefined;
  readonly insecureRegistries: readonly string[];
  readonly print: (line: string) => void;
}

/** In the order in which Imago lists them. */
const kindsInOrder: readonly WorkloadKind[] = ['Deployment', 'DaemonSet', 'StatefulSet', 'CronJob'];

/**
 * Visits all workloads; what fails with one does not keep from the others.
 *
 * @returns whether everything was found out and done
 * @throws CONFIG_INVALID; errors of the API server when the workloads cannot be listed
 */
export async function runImago(settings: ImagoSettings, signal: AbortSignal): Promise<boolean> {
  const config = await loadConnection(settings);
  const client = createKubeClient(config);
  const setup = readRegistrySetup({}, { clock, dockerConfig: 'OfUser' });
  const registries = openRegistries(setup, createLogger('warn', process.stderr));
  try {
    const own = settings.namespaces.length > 0 ? settings.namespaces : [config.namespace ?? 'default'];
    const context: ImagoContext = {
      workloads: openWorkloads(client, signal),
      findDigest: createDigestLookup({
        registry: registries.registry,
        accesses: new ClusterRegistryAccesses({ client, clock, readCredentials: readPullSecrets }),
        rejections: rejectionsOnce(createDirectRecords(client, clock)),
        insecureRegistries: settings.insecureRegistries,
        withPlatforms: settings.mode.checkPods,
        clock,
      }),
      clock,
      print: settings.print,
    };
    let isGood = true;
    for (const namespace of settings.allNamespaces ? [undefined] : own) {
      isGood = (await visitNamespace({ client, context, settings, signal }, namespace)) && isGood;
    }
    return isGood;
  } finally {
    await Promise.allSettled([registries.close(), client.close()]);
  }
}

interface Visit {
  readonly client: KubeClient;
  readonly context: ImagoContext;
  readonly settings: ImagoSettings;
  readonly signal: AbortSignal;
}

async function visitNamespace(visit: Visit, namespace: string | undefined): Promise<boolean> {
  const { client, settings, signal } = visit;
  const { labelSelector, fieldSelector, excludedNamespaces } = settings;
  let isGood = true;
  for (const kind of kindsInOrder) {
    const { items } = await client.list(workloadTypes[kind], {
      ...(namespace !== undefined && { namespace }),
      ...(labelSelector !== undefined && { labelSelector }),
      ...(fieldSelector !== undefined && { fieldSelector }),
      dropManagedFields: true,
      signal,
    });
    for (const object of items) {
      if (!excludedNamespaces.includes(object.metadata.namespace ?? '')) {
        const what = `${object.metadata.namespace}/${kind}/${object.metadata.name}`;
        isGood = (await visitObject(visit, () => decodeWorkload(kind, object), what)) && isGood;
      }
    }
  }
  return isGood;
}

async function visitObject(
  { context, settings, signal }: Visit,
  decode: () => Workload,
  what: string,
): Promise<boolean> {
  try {
    return await visitWorkload(context, decode(), settings.mode, signal);
  } catch (error) {
    if (!isOperationError(error) || error.code === 'INVARIANT') {
      throw error;
    }
    settings.print(`failed to check ${what}: ${describeError(error)}`);
    return false;
  }
}

/** Those of a namespace, and none where Headgate's kinds are not installed. */
function rejectionsOnce(records: DirectRecords) {
  const known = new Map<string, Promise<readonly Rejection[]>>();
  const read = async (namespace: string, signal: AbortSignal) => {
    try {
      return await records.readRejections(namespace, signal);
    } catch (error) {
      if (isOperationError(error, 'API_NOT_FOUND')) {
        return [];
      }
      throw error;
    }
  };
  return async (namespace: string, signal: AbortSignal): Promise<readonly Rejection[]> => {
    const answer = known.get(namespace) ?? read(namespace, signal);
    known.set(namespace, answer);
    return await answer;
  };
}

/** One pass watches nothing. */
const unwatched: Watched<Workload> = {
  find: () => undefined,
  list: () => [],
  listAll: () => [],
  listBy: () => [],
  synced: Promise.resolve(),
  informers: [],
};

function openWorkloads(client: KubeClient, signal: AbortSignal): ClusterWorkloads {
  return new ClusterWorkloads({
    client,
    watched: { Deployment: unwatched, StatefulSet: unwatched, DaemonSet: unwatched, CronJob: unwatched },
    onPodChange: () => undefined,
    onError: () => undefined,
    signal,
  });
}
