/** Headgate at work: watches, controllers and adapters wired by hand. The same for `controller` and `run --once`. */

import { apps, rejections, updates, workloadTypes } from '../adapters/cluster/kinds.ts';
import { createDirectRecords, createRecords } from '../adapters/cluster/records.ts';
import { ClusterRegistryAccesses } from '../adapters/cluster/registry-accesses.ts';
import { type Watched, watch } from '../adapters/cluster/watched.ts';
import { ClusterWorkloads } from '../adapters/cluster/workloads.ts';
import { readPullSecrets } from '../adapters/registry/credentials.ts';
import { shareRegistry } from '../adapters/registry/shared-registry.ts';
import { type Announcements, createAnnouncements } from '../controllers/announcements.ts';
import { reconcileApp } from '../controllers/app-controller.ts';
import { outcomeOf } from '../controllers/outcome.ts';
import { reconcileUpdate } from '../controllers/update-controller.ts';
import {
  onAppChange,
  onObjectChange,
  onRejectionChange,
  onUpdateChange,
  onWorkloadChange,
  type Wakeable,
} from '../controllers/wake.ts';
import type { Rejection } from '../core/app/rejection.ts';
import { describeError, type OperationError } from '../core/errors.ts';
import type { Repository } from '../core/image/reference.ts';
import { topicOfImage } from '../core/webhook/topics.ts';
import { type Workload, type WorkloadKind, workloadKinds } from '../core/workload/workload.ts';
import { CheckMemory } from '../engine/check/check-memory.ts';
import { RunningChecks } from '../engine/check/running-checks.ts';
import type { Records } from '../engine/ports/records.ts';
import type { Registry, SharedRegistry } from '../engine/ports/registry.ts';
import type { StepListener } from '../engine/ports/step-listener.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Clock } from '../kube/clock.ts';
import { type Controller, type ReconcileResult, startController } from '../kube/controller.ts';
import { keyOf } from '../kube/objects.ts';
import { topicsOfApp, workloadTopicsOfApp } from '../resources/app-topics.ts';
import { type AppObjectWire, decodeApp } from '../resources/decode-app.ts';
import { decodeRejection } from '../resources/decode-rejection.ts';
import { decodeUpdate, hasEnded, type UpdateObjectWire } from '../resources/decode-update.ts';
import { decodeWorkload } from '../resources/decode-workload.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { createDeployers } from './deployers.ts';
import type { ManifestSettings } from './manifests.ts';

export interface RuntimeOptions {
  readonly client: KubeClient;
  readonly registry: Registry;
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly listener: StepListener;
  readonly manifests: ManifestSettings;
  /** Throws LEASE_LOST once another replica may be at work. */
  readonly assertLeading: () => void;
  readonly signal: AbortSignal;
}

export interface Runtime {
  readonly records: Records;
  /** All watches have their first answer, or everything was stopped. */
  readonly synced: Promise<void>;
  readonly apps: Controller;
  readonly updates: Controller;
  /** No pass and no check is under way or about to be. What is due later does not count. */
  isQuiet(): boolean;
  /** What webhooks wake. */
  readonly webhooks: Announcements;
  listApps(): readonly AppObjectWire[];
  listUpdates(): readonly UpdateObjectWire[];
  /** Ends when the signal is aborted and every pass under way has ended. */
  readonly stopped: Promise<void>;
}

interface Caches {
  readonly apps: Watched<AppObjectWire>;
  readonly updates: Watched<UpdateObjectWire>;
  readonly rejections: Watched<Rejection>;
  readonly workloads: Readonly<Record<WorkloadKind, Watched<Workload>>>;
}

const appConcurrency = 16;
const updateConcurrency = 16;

/** Starts to work at once; controllers begin when the watches are synced. */
export function startRuntime(options: RuntimeOptions): Runtime {
  const { signal } = options;
  const wake = { app: (_key: string): void => undefined, update: (_key: string): void => undefined };
  const wakeable = wakeableOf(wake, () => caches);
  const caches: Caches = startCaches(options, wakeable);
  const synced = untilSynced(caches, signal);
  const context = createContext(options, { caches, wake, wakeable });
  const { registry, memory, records, checks } = context;
  const common = { options, synced };
  const appController = start(common, 'app', appConcurrency, (key, inner) => reconcileApp(context, key, inner));
  const updateController = start(common, 'update', updateConcurrency, (key, inner) =>
    reconcileUpdate(context, key, inner),
  );
  wake.app = appController.enqueue;
  wake.update = updateController.enqueue;
  return {
    records,
    synced,
    apps: appController,
    updates: updateController,
    webhooks: announce(options, caches, { registry, memory, wakeApp: appController.enqueue }),
    isQuiet: () => checks.size + [appController, updateController].reduce((sum, one) => sum + busyOf(one), 0) === 0,
    listApps: caches.apps.listAll,
    listUpdates: caches.updates.listAll,
    stopped: Promise.all([appController.stopped, updateController.stopped, aborted(signal)]).then(() => undefined),
  };
}

function busyOf(controller: Controller): number {
  const { ready, busy } = controller.stats();
  return ready + busy;
}

interface Wake {
  app: (key: string) => void;
  update: (key: string) => void;
}

/** Watches begin before the controllers that they wake. */
function wakeableOf(wake: Wake, caches: () => Caches): Wakeable {
  return {
    listApps: (namespace) => caches().apps.list(namespace),
    appsUnder: (topic) => caches().apps.listBy(topic),
    openUpdates: (namespace) => caches().updates.listBy(openIn(namespace)),
    wakeApp: (key) => wake.app(key),
    wakeUpdate: (key) => wake.update(key),
  };
}

/** Everything that a pass needs. */
function createContext(
  options: RuntimeOptions,
  { caches, wake, wakeable }: { readonly caches: Caches; readonly wake: Wake; readonly wakeable: Wakeable },
) {
  const { client, clock, signal } = options;
  const onError = watchErrorListener(options);
  const records = createRecords(createDirectRecords(client, clock), caches);
  const workloads = new ClusterWorkloads({
    client,
    watched: caches.workloads,
    onPodChange: (watcher) => wake.update(watcher),
    onError,
    signal,
  });
  const accesses = new ClusterRegistryAccesses({ client, clock, readCredentials: readPullSecrets });
  const memory = new CheckMemory({ clock, random: options.random });
  const checks = new RunningChecks({ onEnd: (key) => wake.app(key), signal });
  const registry = shareAnswers(options, (repository) => {
    for (const key of caches.apps.listBy(topicOfImage(repository)).map(keyOf)) {
      memory.hint(key);
      wake.app(key);
    }
  });
  const { deployers, folders } = createDeployers({
    ...options,
    registry,
    records,
    workloads,
    accesses,
    wake,
    onObjectChange: (app) => onObjectChange(wakeable, app),
    onError,
  });
  return { ...options, registry, deployers, folders, records, accesses, memory, checks };
}

function announce(
  { clock, signal }: RuntimeOptions,
  { apps: watched }: Caches,
  known: { readonly registry: SharedRegistry; readonly memory: CheckMemory; readonly wakeApp: (key: string) => void },
): Announcements {
  const { registry, memory, wakeApp } = known;
  const forgetAnswers = registry.forget;
  return createAnnouncements({
    appsOn: watched.listBy,
    findApp: watched.find,
    forgetAnswers,
    memory,
    wakeApp,
    clock,
    signal,
  });
}

function shareAnswers(
  { registry, clock, metrics }: RuntimeOptions,
  onNews: (repository: Repository) => void,
): SharedRegistry {
  const shared = shareRegistry(registry, { clock, onNews });
  metrics.registries.observeRepositories(() => shared.repositories);
  return shared;
}

function start(
  { options, synced }: { readonly options: RuntimeOptions; readonly synced: Promise<void> },
  name: string,
  concurrency: number,
  pass: (key: string, signal: AbortSignal) => Promise<ReconcileResult>,
): Controller {
  const { log, metrics, signal, clock } = options;
  const controller = startController({
    name,
    concurrency,
    signal,
    clock,
    reconcile: async (key, inner) => {
      await synced;
      inner.throwIfAborted();
      return await pass(key, inner);
    },
    onError: outcomeOf(log, name),
    onReconciled: (_key, result, durationMs) => {
      metrics.reconciles.inc({ controller: name, result });
      metrics.reconcileSeconds.observe({ controller: name }, durationMs / 1_000);
    },
  });
  metrics.observeQueue(name, () => controller.stats().ready);
  return controller;
}

function startCaches(options: RuntimeOptions, wakeable: Wakeable): Caches {
  const { client, namespaces, signal } = options;
  const common = {
    client,
    namespaces,
    signal,
    onError: watchErrorListener(options),
    onProblem: (problem: OperationError) =>
      options.log.error('object cannot be read and is left out', { error: problem.message, ...problem.context }),
  };
  const workloadsOf = (kind: WorkloadKind) =>
    watch<Workload>({
      ...common,
      type: workloadTypes[kind],
      decode: (object) => decodeWorkload(kind, object),
      onChange: (change) => onWorkloadChange(wakeable, change),
    });
  return {
    apps: watch<AppObjectWire>({
      ...common,
      type: apps,
      decode: (object) => decodeApp(object, `App ${object.metadata.namespace}/${object.metadata.name}`),
      indexBy: (app) => [...topicsOfApp(app), ...workloadTopicsOfApp(app)],
      onChange: (change) => onAppChange(wakeable, change),
    }),
    updates: watch<UpdateObjectWire>({
      ...common,
      type: updates,
      decode: (object) => decodeUpdate(object, `Update ${object.metadata.namespace}/${object.metadata.name}`),
      indexBy: (update) => [
        `${update.metadata.namespace}/${update.spec.app}`,
        ...(hasEnded(update) ? [] : [openIn(update.metadata.namespace)]),
      ],
      onChange: (change) => onUpdateChange(wakeable, change),
    }),
    rejections: watch<Rejection>({
      ...common,
      type: rejections,
      decode: (object) => decodeRejection(object, `Rejection ${object.metadata.namespace}/${object.metadata.name}`),
      onChange: ({ value, previous }) => onRejectionChange(wakeable, value?.namespace ?? previous?.namespace ?? ''),
    }),
    workloads: {
      Deployment: workloadsOf('Deployment'),
      StatefulSet: workloadsOf('StatefulSet'),
      DaemonSet: workloadsOf('DaemonSet'),
      CronJob: workloadsOf('CronJob'),
    },
  };
}

/** Index of Updates that are under way. */
function openIn(namespace: string): string {
  return `open in ${namespace}`;
}

function watchedOf(caches: Caches): readonly { readonly synced: Promise<void> }[] {
  return [caches.apps, caches.updates, caches.rejections, ...workloadKinds.map((kind) => caches.workloads[kind])];
}

/** Also resolves when everything is stopped before: that is no error, and `stopped` tells it. */
async function untilSynced(caches: Caches, signal: AbortSignal): Promise<void> {
  try {
    await Promise.all(watchedOf(caches).map((watched) => watched.synced));
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  }
}

function watchErrorListener({ log, metrics }: RuntimeOptions): (error: OperationError) => void {
  return (error) => {
    metrics.watchErrors.inc({ code: error.code });
    log.warn('watch was interrupted and is taken up again', { code: error.code, error: describeError(error) });
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) {
    resolve();
  }
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise;
}
