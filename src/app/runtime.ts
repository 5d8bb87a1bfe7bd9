/** Headgate at work: watches, controllers and adapters wired by hand. The same for `controller` and `run --once`. */

import { createClusterNodes } from '../adapters/cluster/cluster-nodes.ts';
import { ClusterJobs } from '../adapters/cluster/jobs.ts';
import { createNamespaceLimits } from '../adapters/cluster/namespace-limits.ts';
import { createDirectRecords, createRecords } from '../adapters/cluster/records.ts';
import { ClusterWorkloads } from '../adapters/cluster/workloads.ts';
import { reconcileAdoption } from '../controllers/adoption-controller.ts';
import { type AppControllerContext, reconcileApp } from '../controllers/app-controller.ts';
import { AppGauges } from '../controllers/app-gauges.ts';
import { AppWords } from '../controllers/app-words.ts';
import { type DrillControllerContext, reconcileDrills, sweepKey } from '../controllers/drill-controller.ts';
import { reconcileNotices } from '../controllers/notice-controller.ts';
import { reconcileUpdate } from '../controllers/update-controller.ts';
import { onObjectChange, type Wakeable } from '../controllers/wake.ts';

import type { AdoptionSettings } from '../core/adopt/read-marks.ts';
import type { AdoptReleaseContext } from '../engine/adopt/adopt-release.ts';
import type { AdoptContext } from '../engine/adopt/adopt-workload.ts';
import { takeAnswer } from '../engine/app-test/take-answer.ts';
import type { Directions } from '../engine/candidate/direct-apps.ts';
import type { GateDefaults } from '../engine/gates/look-at-gates.ts';
import type { NotifyContext } from '../engine/notify/tell-namespace.ts';
import type { AdoptionListener } from '../engine/ports/adoption-listener.ts';
import type { ArtifactRegistry } from '../engine/ports/artifacts.ts';
import type { AttachmentStore } from '../engine/ports/attachments.ts';
import type { CarriedFiles } from '../engine/ports/carried-files.ts';
import type { Records } from '../engine/ports/records.ts';
import type { Registry } from '../engine/ports/registry.ts';
import type { StepListener } from '../engine/ports/step-listener.ts';
import type { UpdateContext } from '../engine/update/advance-update.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Clock } from '../kube/clock.ts';
import type { Controller } from '../kube/controller.ts';
import { parseKey } from '../kube/objects.ts';
import type { PlaceGuard } from '../network/place-guard.ts';
import type { AppObjectWire } from '../resources/app/decode-app.ts';
import type { UpdateObjectWire } from '../resources/update/decode-update.ts';
import type { ApiBackend } from '../server/api/backend.ts';
import type { WebhookTargets } from '../server/webhooks.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { watchReleases } from './adoption/watch-releases.ts';
import { type CacheOptions, type Caches, commonOf, startCaches, untilSynced, watchErrorListener } from './caches.ts';
import { lateCarriedFiles } from './channels/carried-files.ts';
import { type ChannelsOptions, startChannels } from './channels/channels.ts';
import { isSettled } from './commands/is-settled.ts';
import { countObjects } from './counted-objects.ts';
import { createDeployers } from './deploy/deployers.ts';
import type { HelmSettings } from './deploy/helm-setup.ts';
import type { ManifestSettings } from './deploy/manifests.ts';
import { type ApiHooks, createApiBackend } from './listeners/api-backend.ts';
import { guardOfCluster, type OutboundSettings, openOutside } from './outbound-setup.ts';
import { openCheckpointParts } from './safety/checkpoint-parts.ts';
import type { DrillListener } from './safety/drill-listener.ts';
import { setUpDrills } from './safety/drill-setup.ts';
import { noGateDefaults } from './safety/gate-settings.ts';
import { lateHubChannels, setUpNotices } from './safety/notify-setup.ts';
import { setUpProbers } from './safety/probers.ts';
import { announcePushes } from './sources/announce-pushes.ts';
import { prepareChecks } from './sources/prepare-checks.ts';
import { shareAnswers } from './sources/share-answers.ts';
import { openSourceClients } from './sources/source-clients.ts';
import { type Common, countPasses, start, untilStopped } from './start-controller.ts';
import { takeUpFrom, wakeAnywhere } from './wake-anywhere.ts';
import { type Wake, wakeableOf, wakeNobody } from './wake-later.ts';
import { type WorkShare, wholeWork } from './work-share.ts';

export interface RuntimeOptions
  extends Pick<ChannelsOptions, 'artifactStore' | 'channelFolder' | 'reportListen' | 'onReportsListening'> {
  readonly client: KubeClient;
  readonly registry: Registry;
  /** The registries themselves, also where mirrors are asked before them. */
  readonly attachments: AttachmentStore;
  /** For what is asked by digest, and for artifacts. */
  readonly artifactRegistry: ArtifactRegistry;
  /** Empty: all namespaces. */
  readonly namespaces: readonly string[];
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly listener: StepListener;
  readonly manifests: ManifestSettings;
  /** Whose annotations are followed. */
  readonly adoption: AdoptionSettings;
  readonly adoptionListener: AdoptionListener;
  /** Told of restore drills; the log and metrics when absent. */
  readonly drillListener?: DrillListener | undefined;
  /** Ask every registry at first sight, whatever times are set; for one pass over everything. */
  readonly checkAtOnce?: boolean;
  /** Gates that hold for all Apps; none when absent. */
  readonly gateDefaults?: GateDefaults | undefined;
  readonly helm: HelmSettings;
  /** What users may have us reach; nothing out of the ordinary when absent. */
  readonly outbound?: OutboundSettings | undefined;
  /** Channels for all Apps that are told of Updates; none when absent. */
  readonly notifyFile?: string | undefined;
  /** Told of each change of our own objects; for the API. */
  readonly publish?: CacheOptions['publish'];
  readonly apiHooks?: ApiHooks | undefined;
  /** Where nothing is ever sent, whoever names it; one that knows the cluster's API server when absent. */
  readonly guard?: PlaceGuard | undefined;
  /** What of the work this process does; all of it when absent. */
  readonly share?: WorkShare | undefined;
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
  readonly adoptions: Controller;
  readonly drills: Controller;
  readonly notices: Controller;
  /** No pass and no check is under way or about to be. What is due later does not count. */
  isQuiet(): boolean;
  /** What webhooks wake. */
  readonly webhooks: WebhookTargets;
  /** What the API reads. */
  readonly api: ApiBackend;
  listApps(): readonly AppObjectWire[];
  listUpdates(): readonly UpdateObjectWire[];
  /** Takes up the open Updates of Apps (`namespace/name`) that have become this process's. */
  takeUp(isTaken: (app: string) => boolean): void;
  /** Ends when the signal is aborted and every pass under way has ended. */
  readonly stopped: Promise<void>;
}

const appConcurrency = 16;
const updateConcurrency = 16;
const adoptionConcurrency = 4;
const drillConcurrency = 4;
const noticeConcurrency = 4;

/** Starts to work at once; controllers begin when the watches are synced. */
export function startRuntime(options: RuntimeOptions): Runtime {
  const { signal, share = wholeWork } = options;
  const wake = wakeNobody();
  const wakeable = wakeableOf(wake, () => caches);
  const publish: CacheOptions['publish'] = (change) => {
    options.publish?.(change);
    channels.onChange(change);
  };
  const caches: Caches = startCaches({ ...options, publish }, wakeable);
  const synced = untilSynced(caches, signal);
  const late = {
    carried: lateCarriedFiles(() => channels.carried),
    directions: { of: (app: AppObjectWire) => channels.directions.of(app) },
    hubChannels: lateHubChannels(() => channels.hubChannels),
  };
  const guard = options.guard ?? guardOfCluster(options, options.helm.config);
  const context = createContext({ ...options, guard }, { caches, wake, wakeable, late });
  const controllers = startControllers({ options, synced }, { ...context, share });
  const channels = startChannels({
    ...{ ...context, watching: commonOf(options), apps: caches.apps, wakeApp: controllers.apps.enqueue },
    wakeNotices: controllers.notices.enqueue,
    synced: Promise.all([synced, share.leading]),
  });
  const all = [...Object.values(controllers), ...channels.controllers];
  countObjects(options.metrics, caches, { ...options, isLeading: share.isLeading });
  wakeBy(wake, controllers);
  controllers.drills.enqueue(sweepKey);
  const webhooks = listenToWebhooks({ ...context, share }, caches, controllers);
  wake.check = checkBy(webhooks);
  return {
    records: context.records,
    synced,
    ...controllers,
    webhooks,
    api: createApiBackend(
      { caches, channels, context, webhooks, repositories: () => context.registry.repositories },
      options.apiHooks,
    ),
    isQuiet: () =>
      isSettled({ ...context, caches, adoption: options.adoption }) &&
      countPasses(all) + channels.countAttempts() === 0,
    listApps: caches.apps.listAll,
    listUpdates: caches.updates.listAll,
    takeUp: takeUpFrom(caches.updates, controllers.updates.enqueue),
    stopped: untilStopped(all, signal).then(context.close).then(channels.close),
  };
}

function listenToWebhooks(
  context: ReturnType<typeof createContext> & { readonly share: WorkShare },
  caches: Caches,
  controllers: Controllers,
): WebhookTargets {
  const { registry, git, signatures, memory, records, secretValues, clock, signal } = context;
  return {
    answerTest: (answer) => takeAnswer({ records, secrets: secretValues, clock }, answer, signal),
    ...announcePushes({
      ...caches,
      forgetIn: [registry, signatures],
      forgetGit: git.forget,
      memory,
      wakeApp: controllers.apps.enqueue,
      wakeUpdate: wakeAnywhere({ ...context, enqueue: controllers.updates.enqueue }),
      clock,
      signal,
    }),
  };
}

function wakeBy(wake: Wake, { apps, updates, adoptions, drills, notices }: Controllers): void {
  wake.adoption = adoptions.enqueue;
  wake.drills = drills.enqueue;
  wake.notices = notices.enqueue;
  wake.app = apps.enqueue;
  wake.update = updates.enqueue;
  wake.isUpdateBusy = updates.isBusyWith;
}

/** Has the sources of the App of a key looked at now. */
function checkBy({ wakeApp }: Pick<Runtime['webhooks'], 'wakeApp'>): (key: string) => void {
  return (key) => {
    const { namespace, name } = parseKey(key);
    wakeApp(namespace, name);
  };
}

type Controllers = Pick<Runtime, 'apps' | 'updates' | 'adoptions' | 'drills' | 'notices'>;

function startControllers(
  common: Common,
  context: AppControllerContext &
    UpdateContext &
    AdoptContext &
    AdoptReleaseContext &
    DrillControllerContext &
    NotifyContext & { readonly share: WorkShare },
): Controllers {
  const { share } = context;
  const alone = { ...common, synced: Promise.all([common.synced, share.leading]), standsBy: () => !share.isLeading() };
  const sharing = { ...context, enter: share.enter };
  return {
    apps: start(alone, 'app', appConcurrency, (key, signal) => reconcileApp(context, key, signal)),
    updates: start(
      { ...common, onEnd: (key) => context.words.onUpdatePaused(key) },
      'update',
      updateConcurrency,
      (key, signal) => reconcileUpdate(sharing, key, signal),
    ),
    adoptions: start(alone, 'adoption', adoptionConcurrency, (key, signal) => reconcileAdoption(context, key, signal)),
    drills: start(alone, 'drill', drillConcurrency, (key, signal) => reconcileDrills(context, key, signal)),
    notices: start(alone, 'notice', noticeConcurrency, (key, signal) => reconcileNotices(context, key, signal)),
  };
}

interface ContextParts {
  readonly caches: Caches;
  readonly wake: Wake;
  readonly wakeable: Wakeable;
  /** Of channels, which are started later. */
  readonly late: {
    readonly carried: CarriedFiles;
    readonly directions: Directions;
    readonly hubChannels: NotifyContext['hubChannels'];
  };
}

/** Everything that a pass needs. */
function createContext(
  options: RuntimeOptions & { readonly guard: PlaceGuard },
  { caches, wake, wakeable, late }: ContextParts,
) {
  const { client, clock, signal } = options;
  const onError = watchErrorListener(options);
  const wakeUpdate = (key: string) => wake.update(key);
  const records = createRecords(createDirectRecords(client, clock), caches);
  const common = { client, onError, signal };
  const workloads = new ClusterWorkloads({ ...common, watched: caches.workloads, onPodChange: wakeUpdate });
  const jobs = new ClusterJobs({ ...common, clock, onChange: wakeUpdate });
  const looking = prepareChecks(options, (key) => wake.app(key));
  const { accesses, memory } = looking;
  const words = new AppWords({
    records,
    clock,
    isUpdateBusy: (key) => wake.isUpdateBusy(key),
    wakeApp: (key) => wake.app(key),
  });
  const registry = shareAnswers(options, { caches, memory, wake });
  const sources = openSourceClients({ ...options, registry: options.artifactRegistry, shared: registry });
  const outside = openOutside({ ...options, config: options.helm.config, onEnd: (key) => wake.update(key) });
  const deploying = createDeployers({
    ...options,
    registry,
    records,
    workloads,
    accesses,
    sources: { ...sources, accesses, ...late },
    wakeable,
    onObjectChange: (app) => onObjectChange(wakeable, app),
    onError,
  });
  const { deployers, folders } = deploying;
  const tests = setUpProbers({ ...options, ...outside, jobs, deployers, wakeUpdate });
  const drilling = setUpDrills({ ...options, ...outside, deployers, onError });
  const nodes = createClusterNodes({ client, onError, onProblem: onError, signal });
  const notices = setUpNotices(options, outside.outbound);
  const releases = watchReleases({ ...options, onError }, (key) => wake.adoption(key));
  const told = { ...notices, words, gauges: new AppGauges(options.metrics) };
  const keeping = openCheckpointParts(client, options.clock);
  const own = { ...told, ...keeping, registry, nodes, deployers, folders, records, releases };
  const parts = { ...looking, ...tests, ...own, ...drilling };
  const close = async () => {
    await Promise.all([deploying.close(), outside.outbound.close()]);
  };
  const gateDefaults = options.gateDefaults ?? noGateDefaults;
  const limits = createNamespaceLimits(client);
  const given = { namespaceGates: caches.namespaceGates, adoptableReleases: releases.adoptableReleases, gateDefaults };
  return { ...options, limits, ...given, ...sources, ...parts, ...outside, ...late, close, workloads, jobs };
}
