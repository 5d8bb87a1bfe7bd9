/** `headgate run --once`: one whole pass, for a cron job on a host. */
import { apps } from '../adapters/cluster/kinds.ts';
import type { HelmPrograms } from '../adapters/helm/helm-program.ts';
import { createKubeClient, type KubeClient } from '../kube/client.ts';
import { sleep, systemClock } from '../kube/clock.ts';
import type { AppObjectWire } from '../resources/app/decode-app.ts';
import { hasEnded, type UpdateObjectWire } from '../resources/update/decode-update.ts';
import { createLogger } from '../telemetry/log.ts';
import type { LogLevel } from '../telemetry/log-level.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import { listenToAdoption } from './adoption/adoption-listener.ts';
import { type AdoptionChoice, adoptionSettings } from './adoption/adoption-settings.ts';
import { type ConnectionOptions, defaultPrograms, loadConnection, searchPath } from './config.ts';
import { guardedOutbound } from './outbound-setup.ts';
import { type Runtime, startRuntime } from './runtime.ts';
import { openRegistries, type RegistrySettings, readRegistrySetup } from './sources/registry-setup.ts';
import { listenToSteps } from './step-listener.ts';

export interface RunOnceSettings extends ConnectionOptions, RegistrySettings {
  /** By PATH when absent. */
  readonly programs?: HelmPrograms | undefined;
  readonly namespaces: readonly string[];
  /** Apps may read from folders below it. */
  readonly sourceFolder?: string | undefined;
  readonly timeoutMs: number;
  /** Whose annotations are followed; undefined: nobody's. */
  readonly adoption?: AdoptionChoice | undefined;
  readonly logLevel: LogLevel;
}

export interface RunOnceReport {
  readonly apps: readonly AppObjectWire[];
  /** Updates that ended during the pass. */
  readonly updates: readonly UpdateObjectWire[];
  readonly timedOut: boolean;
}

/** How often the pass looks whether all is done; only memory is looked at. */
const lookEveryMs = 100;

/**
 * Checks every App once and takes every Update to its end or until it waits for a person.
 *
 * @throws CONFIG_INVALID; API_UNAVAILABLE, API_FORBIDDEN, API_NOT_FOUND when the Apps cannot be read at the start
 */
export async function runOnce(settings: RunOnceSettings, outer: AbortSignal): Promise<RunOnceReport> {
  // Standard output is for the report alone.
  const log = createLogger(settings.logLevel, process.stderr);
  const metrics = createMetrics({ processMetrics: false });
  const clock = systemClock;
  const setup = readRegistrySetup(settings, { clock, dockerConfig: 'OfUser' });
  const config = await loadConnection(settings);
  const client = createKubeClient(config);
  const registries = openRegistries(setup, log);
  const stop = new AbortController();
  const deadline = AbortSignal.timeout(settings.timeoutMs);
  const signal = AbortSignal.any([outer, stop.signal, deadline]);
  try {
    await confirmReadable(client, settings.namespaces, signal);
  } catch (error) {
    await Promise.allSettled([registries.close(), client.close()]);
    throw error;
  }
  const runtime = startRuntime({
    client,
    registry: registries.registry,
    attachments: registries.content,
    artifactRegistry: registries.content,
    artifactStore: registries.client,
    namespaces: settings.namespaces,
    manifests: { sourceFolder: settings.sourceFolder, searchPath: searchPath() },
    clock,
    random: Math.random,
    log,
    metrics,
    listener: listenToSteps({ log, metrics }),
    adoption: adoptionSettings(settings.adoption),
    adoptionListener: listenToAdoption(log),
    checkAtOnce: true,
    helm: { config, programs: settings.programs ?? defaultPrograms() },
    outbound: { ...guardedOutbound, proxy: setup.client.proxy },
    assertLeading: () => undefined,
    signal,
  });
  try {
    await Promise.race([runtime.synced, runtime.stopped]);
    const before = new Set(ended(runtime));
    while (!signal.aborted && !(await isSettled(runtime))) {
      await sleep(clock, lookEveryMs, signal).catch(() => undefined);
    }
    const updates = runtime.listUpdates().filter((update) => hasEnded(update) && !before.has(update.metadata.uid));
    return { apps: runtime.listApps(), updates, timedOut: deadline.aborted };
  } finally {
    stop.abort();
    await runtime.stopped;
    await Promise.allSettled([registries.close(), client.close()]);
  }
}

/** Watches try again for ever; a pass that ends should rather say at once that the cluster cannot be read. */
async function confirmReadable(client: KubeClient, namespaces: readonly string[], signal: AbortSignal): Promise<void> {
  const scopes = namespaces.length === 0 ? [{}] : namespaces.map((namespace) => ({ namespace }));
  for (const scope of scopes) {
    for await (const _page of client.listPages(apps, { ...scope, pageSize: 1, signal })) {
      break;
    }
  }
}

async function isSettled(runtime: Runtime): Promise<boolean> {
  await runtime.adoptions.idle();
  await runtime.apps.idle();
  await runtime.updates.idle();
  return runtime.isQuiet() && runtime.listUpdates().every(hasEnded) && runtime.listApps().every(isChecked);
}

/** The App's status speaks of its present spec and of no Update that is still to come; one being deleted has nothing to come. */
function isChecked({ metadata, status }: AppObjectWire): boolean {
  if (metadata.deletionTimestamp !== undefined) {
    return true;
  }
  return status?.observedGeneration === metadata.generation && status?.waiting?.reason !== 'UpdateInProgress';
}

function ended(runtime: Runtime): string[] {
  return runtime
    .listUpdates()
    .filter(hasEnded)
    .map((update) => update.metadata.uid);
}
