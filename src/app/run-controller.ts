/** `headgate controller`: work as long as the process lives; of several replicas one leads, and all share the Updates. */
import type { HelmPrograms } from '../adapters/helm/helm-program.ts';
import type { LimitsByHost } from '../adapters/registry/host-limits.ts';
import type { AdoptionSettings } from '../core/adopt/read-marks.ts';
import { describeError } from '../core/errors.ts';
import type { GateDefaults } from '../engine/gates/look-at-gates.ts';
import type { StepListener } from '../engine/ports/step-listener.ts';
import { createKubeClient, type KubeClient } from '../kube/client.ts';
import { systemClock } from '../kube/clock.ts';
import type { KubeConfig } from '../kube/config.ts';
import { createEventRecorder } from '../kube/events.ts';
import { createOperationsServer } from '../server/operations.ts';
import { openTraceExport } from '../telemetry/export-traces.ts';
import { createLogger, type Logger } from '../telemetry/log.ts';
import type { LogLevel } from '../telemetry/log-level.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { listenToAdoption } from './adoption/adoption-listener.ts';
import { type AdoptionChoice, adoptionSettings } from './adoption/adoption-settings.ts';
import { openChannelListener } from './channels/channel-listener.ts';
import {
  type ConnectionOptions,
  defaultPrograms,
  loadConnection,
  ownEnvironment,
  ownNamespace,
  processIdentity,
  searchPath,
} from './config.ts';
import { listenToActions } from './listeners/action-listener.ts';
import { type ApiListener, type ApiSettings, openApi } from './listeners/api-listener.ts';
import { parseListenAddress } from './listeners/listen-address.ts';
import { openWebhooks, type WebhookSettings } from './listeners/webhook-listener.ts';
import { addressFinder, addressOfApi, createWebhookRelay, identityWithAddress } from './listeners/webhook-relay.ts';
import { guardOfCluster, type OutboundSettings, parseOutboundAllowance } from './outbound-setup.ts';
import { ownVersion } from './own-version.ts';
import { runShared, type SharedParts, type Work } from './run-shared.ts';
import { type Runtime, startRuntime } from './runtime.ts';
import { listenToDrills } from './safety/drill-listener.ts';
import { type FleetLockSettings, openFleetLock } from './safety/fleet-lock-listener.ts';
import { type GateSettings, noGateDefaults, parseGateSettings } from './safety/gate-settings.ts';
import { parseRegistryLimits } from './sources/registry-limits.ts';
import {
  openRegistries,
  type RegistrySettings,
  type RegistrySetup,
  readRegistrySetup,
} from './sources/registry-setup.ts';
import { listenToSteps } from './step-listener.ts';
import type { WorkShare } from './work-share.ts';

export interface ControllerSettings extends ConnectionOptions, RegistrySettings {
  /** By PATH when absent. */
  readonly programs?: HelmPrograms | undefined;
  readonly namespaces: readonly string[];
  /** Apps may read from folders below it. */
  readonly sourceFolder?: string | undefined;
  /** Channels are published, and read by file://, below it. */
  readonly channelFolder?: string | undefined;
  readonly reportListen?: string | undefined;
  /** `host:port` where that folder is served; undefined: somebody else serves it. */
  readonly channelListen?: string | undefined;
  readonly leaderElection: boolean;
  readonly leaseNamespace?: string | undefined;
  readonly leaseName: string;
  /** `host:port`; port 0 takes a free one. */
  readonly listen: string;
  readonly logLevel: LogLevel;
  /** How much may be asked of which registry, as in --registry-limit. */
  readonly registryLimits?: readonly string[];
  /** Whose annotations are followed; undefined: nobody's. */
  readonly adoption?: AdoptionChoice | undefined;
  /** Channels for all Apps that are told of Updates. */
  readonly notifyFile?: string | undefined;
  /** Gates that hold for all Apps. */
  readonly gates?: GateSettings;
  /** Undefined: no node asks. */
  readonly fleetLock?: FleetLockSettings | undefined;
  /** Inner addresses, ranges and hosts that users may have us reach. */
  readonly allowOutbound?: readonly string[];
  /** Undefined: webhooks are not listened to. */
  readonly webhooks?: WebhookSettings | undefined;
  /** Undefined: there is no HTTP API. */
  readonly api?: ApiSettings | undefined;
  /** Told of each step besides log, Events and metrics; for tests that end the process between two of them. */
  readonly listener?: StepListener;
}

/**
 * Runs until the signal is aborted.
 *
 * @throws USAGE, CONFIG_INVALID, and LEASE_LOST when another replica took over: end the process, a new one starts clean
 */
export async function runController(settings: ControllerSettings, signal: AbortSignal): Promise<void> {
  const address = parseListenAddress(settings.listen, '--listen');
  const read = readSettings(settings);
  const log = createLogger(settings.logLevel);
  const metrics = createMetrics({ processMetrics: true });
  const lease = await leaseOf(settings);
  const config = await loadConnection(settings);
  const client = createKubeClient(config);
  const identity = identityOf(settings);
  const work = { ...read, config, client, log, metrics, identity };
  let state = 'waiting for the Lease';
  let working: Runtime | undefined;
  const server = createOperationsServer({
    metrics,
    notReady: () => (state === 'ready' || state === 'standby' ? undefined : state),
  });
  const closing: (() => Promise<unknown>)[] = [() => server.close(), () => client.close()];
  log.info('listening', { address: await server.listen(address) });
  try {
    const seen = { working: () => working, isReady: () => state === 'ready', lease, identity };
    const api = await openListeners({ settings, work, closing }, seen);
    const onLead = async (runtime: Runtime) => {
      state = 'reading the cluster';
      metrics.leader.set(1);
      working = runtime;
      await Promise.race([runtime.synced, runtime.stopped]);
      state = 'ready';
      log.info('watching', { apps: runtime.listApps().length });
      await runtime.stopped;
    };
    if (lease) {
      state = 'standby';
      const begin: SharedParts['start'] = (share, inner) => startWork({ ...work, ...share, api }, inner);
      await runShared({ ...work, lease, start: begin, onLead }, signal);
      return;
    }
    const { runtime, end } = startWork({ ...work, api, assertLeading: () => undefined }, signal);
    await onLead(runtime);
    await end();
  } finally {
    metrics.leader.set(0);
    for (const close of closing) {
      await close();
    }
  }
}

interface Seen {
  readonly working: () => Runtime | undefined;
  readonly isReady: () => boolean;
  readonly lease: { readonly namespace: string; readonly name: string } | undefined;
  readonly identity: string;
}

interface Listening {
  readonly settings: ControllerSettings;
  readonly work: Omit<Parts, 'api' | 'share' | 'assertLeading'>;
  /** Gets what ends the listeners, the last one first. */
  readonly closing: (() => Promise<unknown>)[];
}

/** What every replica listens to; one that does not lead hands on to the one that does. */
async function openListeners(
  { settings, work, closing }: Listening,
  { working, isReady, lease, identity }: Seen,
): Promise<ApiListener> {
  const { client, log, metrics } = work;
  const relay = lease && createWebhookRelay({ client, clock: systemClock, lease, identity });
  const { namespaces } = settings;
  const parts = { client, namespaces, log, metrics, clock: systemClock, targets: () => working()?.webhooks, relay };
  const webhooks = await openWebhooks(settings.webhooks, parts);
  closing.unshift(() => webhooks.close());
  closing.unshift(...(await openFurther(settings, work)));
  const backend = () => (isReady() ? working()?.api : undefined);
  const findLeader = lease && addressFinder({ client, clock: systemClock, lease, identity }, addressOfApi);
  const api = await openApi(settings.api, { client, clock: systemClock, log, metrics, backend, findLeader });
  closing.unshift(() => api.close());
  return api;
}

/** What else every replica listens to and tells; answers how it is ended. */
async function openFurther(
  settings: ControllerSettings,
  work: Omit<Parameters<typeof openFleetLock>[1], 'namespaces'>,
): Promise<(() => Promise<unknown>)[]> {
  const traces = await openTraceExport({ env: ownEnvironment(), version: ownVersion, log: work.log });
  const served = await openChannelListener(settings, work.log);
  const fleetLock = await openFleetLock(settings.fleetLock, { ...work, namespaces: settings.namespaces });
  return [() => served.close(), () => fleetLock.close(), () => traces.close()];
}

/** Under which this process holds the Lease. */
function identityOf({ api, webhooks }: ControllerSettings): string {
  return identityWithAddress(processIdentity(), { api: api?.listen, webhooks: webhooks?.listen });
}

/** Undefined: there is one replica. */
async function leaseOf({ leaderElection, leaseNamespace, leaseName }: ControllerSettings) {
  return leaderElection ? { namespace: await ownNamespace(leaseNamespace), name: leaseName } : undefined;
}

/** What of the settings can be wrong, so that it is told before anything begins. */
interface ReadSettings {
  readonly settings: ControllerSettings;
  readonly registrySetup: RegistrySetup;
  readonly limits: LimitsByHost;
  readonly adoption: AdoptionSettings;
  readonly gateDefaults: GateDefaults;
  readonly outbound: OutboundSettings;
}

function readSettings(settings: ControllerSettings): ReadSettings {
  const registrySetup = readRegistrySetup(settings, { clock: systemClock, dockerConfig: 'Named' });
  const allowance = parseOutboundAllowance(settings.allowOutbound ?? []);
  return {
    settings,
    registrySetup,
    outbound: { allowance, proxy: registrySetup.client.proxy },
    limits: parseRegistryLimits(settings.registryLimits ?? []),
    adoption: adoptionSettings(settings.adoption),
    gateDefaults: settings.gates ? parseGateSettings(settings.gates) : noGateDefaults,
  };
}

interface Parts extends ReadSettings {
  readonly config: KubeConfig;
  readonly client: KubeClient;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly identity: string;
  readonly api: ApiListener;
  readonly share?: WorkShare;
  readonly assertLeading: () => void;
}

function startWork(parts: Parts, signal: AbortSignal): Work {
  const { settings, config, registrySetup, limits, adoption, gateDefaults, outbound } = parts;
  const { client, log, metrics, identity, api, share, assertLeading } = parts;
  const eventsEnd = new AbortController();
  const guard = guardOfCluster({ client, clock: systemClock }, config);
  const registries = openRegistries(registrySetup, log, { limits, onSent: metrics.registries.countRequest, guard });
  metrics.registries.observeHosts(() => registries.client.hosts);
  const events = createEventRecorder({
    client,
    controller: 'headgate.dev/headgate',
    instance: identity,
    signal: eventsEnd.signal,
    onError: (error) => log.warn('event was not written', { error: describeError(error) }),
  });
  const end = async () => {
    await events.flush();
    eventsEnd.abort();
    await registries.close();
  };
  const listener = listenToSteps({ log, metrics, events, ...(settings.listener ? { also: settings.listener } : {}) });
  const runtime = startRuntime({
    client,
    registry: registries.registry,
    attachments: registries.content,
    artifactRegistry: registries.content,
    artifactStore: registries.client,
    namespaces: settings.namespaces,
    manifests: { sourceFolder: settings.sourceFolder, searchPath: searchPath() },
    gateDefaults,
    outbound,
    channelFolder: settings.channelFolder,
    reportListen: settings.reportListen,
    notifyFile: settings.notifyFile,
    clock: systemClock,
    random: Math.random,
    ...{ log, metrics, listener, adoption },
    adoptionListener: listenToAdoption(log, events),
    drillListener: listenToDrills({ log, metrics, events }),
    helm: { config, programs: settings.programs ?? defaultPrograms() },
    publish: api.publish,
    apiHooks: { actionListener: listenToActions(log, events), registryHosts: () => registries.client.hosts },
    guard,
    share,
    assertLeading,
    signal,
  });
  return { runtime, end };
}
