/** Watched copies of everything that the controllers read, and whom a change of them wakes. */
import { apps, rejections, updates, workloadTypes } from '../adapters/cluster/kinds.ts';
import { type WatchedNamespaceGates, watchNamespaceGates } from '../adapters/cluster/namespace-gates.ts';
import { type Watched, watch } from '../adapters/cluster/watched.ts';
import {
  onAppChange,
  onNamespaceGatesChange,
  onRejectionChange,
  onUpdateChange,
  onWorkloadChange,
  type Wakeable,
} from '../controllers/wake.ts';
import type { Rejection } from '../core/app/rejection.ts';
import { describeError, type OperationError } from '../core/errors.ts';
import { type Workload, type WorkloadKind, workloadKinds } from '../core/workload/workload.ts';
import type { KubeClient } from '../kube/client.ts';
import { parseKey, type ResourceType } from '../kube/objects.ts';
import { neighbourTopicsOfApp, topicsOfApp } from '../resources/app/app-topics.ts';
import { type AppObjectWire, decodeApp } from '../resources/app/decode-app.ts';
import { decodeWorkload } from '../resources/app/decode-workload.ts';
import { decodeRejection } from '../resources/update/decode-rejection.ts';
import { decodeUpdate, type UpdateObjectWire } from '../resources/update/decode-update.ts';
import { topicsOfUpdate } from '../resources/update/update-topics.ts';
import type { Change } from '../server/api/change-feed.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface Caches {
  readonly apps: Watched<AppObjectWire>;
  readonly updates: Watched<UpdateObjectWire>;
  readonly rejections: Watched<Rejection>;
  readonly workloads: Readonly<Record<WorkloadKind, Watched<Workload>>>;
  readonly namespaceGates: WatchedNamespaceGates;
}

export interface CacheOptions {
  readonly client: KubeClient;
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[];
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Told of each change of our own objects, after the copy has it. */
  readonly publish?: ((change: Change) => void) | undefined;
  readonly signal: AbortSignal;
}

interface Told {
  readonly key: string;
  readonly value: unknown;
  readonly resourceVersion: string;
}

/** Tells of a change to whoever watches by the API. */
export function tellerOf({ publish }: Pick<CacheOptions, 'publish'>): (type: ResourceType, told: Told) => void {
  return ({ kind, plural }, { key, value, resourceVersion }) =>
    publish?.({
      kind,
      resource: plural,
      ...parseKey(key),
      resourceVersion,
      change: value === undefined ? 'deleted' : 'changed',
    });
}

/** Starts to watch at once. */
export function startCaches(options: CacheOptions, wakeable: Wakeable): Caches {
  const common = commonOf(options);
  const workloadsOf = (kind: WorkloadKind) =>
    watch<Workload>({
      ...common,
      type: workloadTypes[kind],
      decode: (object) => decodeWorkload(kind, object),
      onChange: (change) => onWorkloadChange(wakeable, change),
    });
  return {
    ...watchOurOwn(options, wakeable),
    namespaceGates: watchNamespaceGates({
      ...common,
      onChange: (namespace) => onNamespaceGatesChange(wakeable, namespace),
    }),
    workloads: {
      Deployment: workloadsOf('Deployment'),
      StatefulSet: workloadsOf('StatefulSet'),
      DaemonSet: workloadsOf('DaemonSet'),
      CronJob: workloadsOf('CronJob'),
    },
  };
}

/** What all watches have in common. */
export type CommonWatch = ReturnType<typeof commonOf>;

export function commonOf(options: Pick<CacheOptions, 'client' | 'namespaces' | 'signal' | 'log' | 'metrics'>) {
  const { client, namespaces, signal } = options;
  return {
    client,
    namespaces,
    signal,
    onError: watchErrorListener(options),
    onProblem: (problem: OperationError) =>
      options.log.error('object cannot be read and is left out', { error: problem.message, ...problem.context }),
  };
}

function watchOurOwn(options: CacheOptions, wakeable: Wakeable): Omit<Caches, 'workloads' | 'namespaceGates'> {
  const common = commonOf(options);
  const tell = tellerOf(options);
  return {
    apps: watch<AppObjectWire>({
      ...common,
      type: apps,
      decode: (object) => decodeApp(object, `App ${object.metadata.namespace}/${object.metadata.name}`),
      indexBy: (app) => [...topicsOfApp(app), ...neighbourTopicsOfApp(app)],
      onChange: (change) => {
        tell(apps, change);
        onAppChange(wakeable, change);
      },
    }),
    updates: watch<UpdateObjectWire>({
      ...common,
      type: updates,
      decode: (object) => decodeUpdate(object, `Update ${object.metadata.namespace}/${object.metadata.name}`),
      indexBy: topicsOfUpdate,
      onChange: (change) => {
        tell(updates, change);
        onUpdateChange(wakeable, change);
      },
    }),
    rejections: watch<Rejection>({
      ...common,
      type: rejections,
      decode: (object) => decodeRejection(object, `Rejection ${object.metadata.namespace}/${object.metadata.name}`),
      onChange: (change) => {
        tell(rejections, change);
        onRejectionChange(wakeable, parseKey(change.key).namespace);
      },
    }),
  };
}

/** Of every kind. */
export function allWorkloads({ workloads }: Caches): readonly Workload[] {
  return workloadKinds.flatMap((kind) => workloads[kind].listAll());
}

function watchedOf(caches: Caches): readonly { readonly synced: Promise<void> }[] {
  const gates = { synced: caches.namespaceGates.ready };
  return [
    gates,
    caches.apps,
    caches.updates,
    caches.rejections,
    ...workloadKinds.map((kind) => caches.workloads[kind]),
  ];
}

/** Also resolves when everything is stopped before: that is no error, and `stopped` tells it. */
export async function untilSynced(caches: Caches, signal: AbortSignal): Promise<void> {
  try {
    await Promise.all(watchedOf(caches).map((watched) => watched.synced));
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  }
}

/** Watches go on by themselves; what interrupts them is told. */
export function watchErrorListener({
  log,
  metrics,
}: Pick<CacheOptions, 'log' | 'metrics'>): (error: OperationError) => void {
  return (error) => {
    metrics.watchErrors.inc({ code: error.code });
    log.warn('watch was interrupted and is taken up again', { code: error.code, error: describeError(error) });
  };
}
