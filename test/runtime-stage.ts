/** Where tests of the whole program play without a node: one namespace of the real API server, watched by a runtime whose clock they move. */
import { vi } from 'vitest';
import { pushImage } from '../scripts/oci/push.ts';
import { apps, type ProductObject, updates } from '../src/adapters/cluster/kinds.ts';
import type { HelmPrograms } from '../src/adapters/helm/helm-program.ts';
import { createRegistryClient } from '../src/adapters/registry/client.ts';
import { listenToAdoption } from '../src/app/adoption/adoption-listener.ts';
import { listenToActions } from '../src/app/listeners/action-listener.ts';
import { type Runtime, type RuntimeOptions, startRuntime } from '../src/app/runtime.ts';

import { listenToSteps } from '../src/app/step-listener.ts';
import type { AdoptionSettings } from '../src/core/adopt/read-marks.ts';
import { createKubeClient, type KubeClient } from '../src/kube/client.ts';
import { startInformer } from '../src/kube/informer.ts';
import type { KubeObject } from '../src/kube/objects.ts';
import { deployments } from '../src/kube/resource-types.ts';
import { type AppObjectWire, decodeApp } from '../src/resources/app/decode-app.ts';
import { decodeUpdate, type UpdateObjectWire } from '../src/resources/update/decode-update.ts';
import { createLogger } from '../src/telemetry/log.ts';
import { createMetrics, type Metrics } from '../src/telemetry/metrics.ts';
import { locateTools } from './cluster/binaries.ts';
import { makeWebImage } from './images/web-image.ts';
import { webDeployment } from './images/web-objects.ts';
import { createManualClock, type ManualClock } from './kube/manual-clock.ts';
import { connectTo, createNamespace } from './kube/server-fixtures.ts';
import { type ApiProxy, type ApiRequest, startApiProxy } from './servers/api-proxy.ts';

export type LogLine = Readonly<Record<string, unknown>>;

export interface RuntimeStage {
  /** How the runtime reaches the API server. */
  readonly apiConfig: ApiProxy['config'];
  readonly namespace: string;
  /** Not counted; the test's own. */
  readonly client: KubeClient;
  readonly clock: ManualClock;
  readonly runtime: Runtime;
  readonly metrics: Metrics;
  readonly log: readonly LogLine[];
  /** What the runtime asked the API server since `mark` (a former length); without its watches. */
  asked(mark?: number): readonly ApiRequest[];
  /** Paths with query of the watches that the runtime has open. */
  openWatches(): readonly string[];
  readonly dieAfter: ApiProxy['dieAfter'];
  readonly death: ApiProxy['death'];
  app(name: string): Promise<AppObjectWire>;
  updatesOf(app: string): Promise<readonly UpdateObjectWire[]>;
  /** Repeats the check until it holds, moving the clock a little each time so that retries come due. */
  until(check: () => unknown): Promise<void>;
  /**
   * Moves the clock and returns when all that followed of it is done and seen. Whatever falls due on the way is given its real time:
   * a clock that ran on beside a request would end it by its timeout.
   */
  pass(milliseconds: number, beacon: string): Promise<void>;
  stop(): Promise<void>;
}

const nobody: AdoptionSettings = {
  systems: [],
  followsReleases: false,
  keel: { defaultSchedule: '@every 1m' },
  insecureRegistries: [],
};

export interface StageOptions
  extends Pick<
    RuntimeOptions,
    'gateDefaults' | 'publish' | 'channelFolder' | 'outbound' | 'notifyFile' | 'reportListen' | 'onReportsListening'
  > {
  readonly sourceFolder?: string;
  readonly adoption?: AdoptionSettings;
  /** That of a former runtime, which has ended; else one of its own. */
  readonly namespace?: string;
  /** Namespaces that are watched besides, by name of its own. */
  readonly alsoWatches?: (namespace: string) => readonly string[];
  /** Where the clock starts; now when absent. */
  readonly start?: Date;
}

/** Starts a runtime in a namespace of its own, or in that of a former one. */
export async function openRuntimeStage(kubeconfigPath: string, options: StageOptions = {}): Promise<RuntimeStage> {
  const client = await connectTo(kubeconfigPath);
  const namespace = options.namespace ?? (await createNamespace(client));
  const proxy = await startApiProxy(kubeconfigPath);
  const clock = createManualClock(options.start ?? new Date());
  const programs = await locateTools(['helm', 'kubectl']);
  const parts = startParts(namespace, { proxy, clock, programs, ...options });
  const { runtime } = parts;
  await runtime.synced;
  const until = async (check: () => unknown) => {
    const attempt = async () => {
      await clock.advance(50);
      await check();
    };
    await vi.waitFor(attempt, { timeout: 15_000, interval: 25 });
  };
  return {
    ...parts,
    apiConfig: proxy.config,
    namespace,
    client,
    clock,
    asked: (mark = 0) => proxy.requests.filter((request) => !request.isWatch).slice(mark),
    openWatches: () => proxy.openWatches(),
    ...{ dieAfter: proxy.dieAfter, death: proxy.death },
    app: async (name) => decodeApp(await client.get<ProductObject>(apps, { namespace, name }), `App ${name}`),
    updatesOf: async (app) => {
      const { items } = await client.list<ProductObject>(updates, { namespace });
      return items.map((item) => decodeUpdate(item, item.metadata.name)).filter(({ spec }) => spec.app === app);
    },
    until,
    pass: async (milliseconds, beacon) => {
      await passStepwise(clock, runtime, milliseconds);
      await settle(client, runtime, { namespace, name: beacon });
    },
    stop: async () => {
      await parts.stop();
      await Promise.all([proxy.stop(), client.close()]);
    },
  };
}

function startParts(
  namespace: string,
  {
    proxy,
    clock,
    programs,
    sourceFolder,
    alsoWatches = () => [],
    adoption = nobody,
    gateDefaults,
    publish,
    channelFolder,
    outbound,
    notifyFile,
    reportListen,
    onReportsListening,
  }: StageOptions & { readonly proxy: ApiProxy; readonly clock: ManualClock; readonly programs: HelmPrograms },
) {
  const log: LogLine[] = [];
  const logger = createLogger('debug', { write: (line) => log.push(JSON.parse(line) as LogLine) });
  const metrics = createMetrics({ processMetrics: false });
  const counted = createKubeClient(proxy.config);
  const registry = createRegistryClient({ clock, timeoutMs: 5_000 });
  const stopping = new AbortController();
  const runtime = startRuntime({
    client: counted,
    registry,
    attachments: registry,
    artifactRegistry: registry,
    artifactStore: registry,
    namespaces: [namespace, ...alsoWatches(namespace)],
    manifests: { sourceFolder, searchPath: process.env['PATH'] ?? '' },
    gateDefaults,
    publish,
    channelFolder,
    outbound,
    notifyFile,
    reportListen,
    onReportsListening,
    clock,
    random: () => 0,
    log: logger,
    metrics,
    listener: listenToSteps({ log: logger, metrics }),
    apiHooks: { actionListener: listenToActions(logger), registryHosts: () => registry.hosts },
    adoption,
    adoptionListener: listenToAdoption(logger),
    helm: { config: proxy.config, programs },
    assertLeading: () => undefined,
    signal: stopping.signal,
  });
  const stop = async () => {
    stopping.abort();
    await runtime.stopped;
    await Promise.all([counted.close(), registry.close()]);
  };
  return { runtime, metrics, log, stop };
}

async function passStepwise(clock: ManualClock, runtime: Runtime, milliseconds: number): Promise<void> {
  const endMs = clock.monotonicMs() + milliseconds;
  for (;;) {
    const leftMs = endMs - clock.monotonicMs();
    const nextMs = clock.nextDueInMs ?? leftMs;
    await clock.advance(Math.min(nextMs, leftMs));
    if (nextMs >= leftMs) {
      return;
    }
    await untilQuiet(runtime);
  }
}

async function untilQuiet(runtime: Runtime): Promise<void> {
  const quiet = () => {
    if (!runtime.isQuiet()) {
      throw new Error('a pass or a check is under way');
    }
  };
  await vi.waitFor(quiet, { timeout: 15_000, interval: 5 });
}

/** No pass is under way, and whatever they wrote has come back by the watch: a later change of the beacon has. */
async function settle(
  client: KubeClient,
  runtime: Runtime,
  beacon: { readonly namespace: string; readonly name: string },
): Promise<void> {
  await untilQuiet(runtime);
  const labels = { beacon: String(performance.now()) };
  await client.patch(apps, beacon, { kind: 'merge', body: { metadata: { labels } } });
  const seen = () => runtime.records.findApp(beacon.namespace, beacon.name)?.metadata.labels?.['beacon'];
  await vi.waitFor(
    () => {
      if (seen() !== labels.beacon) {
        throw new Error('the watch has not shown the beacon yet');
      }
    },
    { timeout: 15_000, interval: 10 },
  );
  await untilQuiet(runtime);
}

/** Pushes good web images under one repository. */
export async function pushVersions(host: string, repository: string, versions: readonly string[]): Promise<void> {
  for (const tag of versions) {
    await pushImage(makeWebImage({ version: tag }), { host, repository, tag, insecure: true });
  }
}

/** Makes a Deployment that nobody runs: there is no node and no controller. */
export async function createDeployment(
  { client, namespace }: Pick<RuntimeStage, 'client' | 'namespace'>,
  name: string,
  image: string,
  labels: Readonly<Record<string, string>> = { app: name },
): Promise<KubeObject> {
  const object = webDeployment({ name, namespace, image, replicas: 1 });
  return await client.create<KubeObject>(deployments, { ...object, metadata: { ...object.metadata, labels } });
}

interface DeploymentObject extends KubeObject {
  readonly spec: { readonly replicas?: number };
  readonly status?: { readonly observedGeneration?: number };
}

/** Plays the Deployment controller of a cluster in which every rollout is complete at once; ends with the signal. */
export function completeRollouts(
  { client, namespace }: Pick<RuntimeStage, 'client' | 'namespace'>,
  signal: AbortSignal,
): void {
  const complete = async ({ metadata, spec, status }: DeploymentObject) => {
    const { generation = 0, name } = metadata;
    if (status?.observedGeneration === generation) {
      return;
    }
    const { replicas = 1 } = spec;
    const counts = { replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas };
    const conditions = [
      { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' },
      { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' },
    ];
    const body = { status: { observedGeneration: generation, ...counts, conditions } };
    await client.patch(deployments, { namespace, name }, { kind: 'merge', body }, { subresource: 'status' });
  };
  startInformer<DeploymentObject>({
    client,
    type: deployments,
    namespace,
    signal,
    onError: () => undefined,
    onChange: (object, _, kind) => {
      if (kind !== 'deleted') {
        complete(object).catch(() => undefined);
      }
    },
  });
}
