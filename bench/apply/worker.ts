/**
 * Headgate at work in a process of its own, for bench/apply.ts: the whole program but sockets and Lease. Arguments: kubeconfig,
 * folder. Through the channel it is asked for its figures, and to wake an App.
 */
import { createRegistryClient } from '../../src/adapters/registry/client.ts';
import { listenToAdoption } from '../../src/app/adoption/adoption-listener.ts';
import { adoptionSettings } from '../../src/app/adoption/adoption-settings.ts';
import { startRuntime } from '../../src/app/runtime.ts';
import { listenToSteps } from '../../src/app/step-listener.ts';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { systemClock } from '../../src/kube/clock.ts';
import { createEventRecorder } from '../../src/kube/events.ts';
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

/** Since the last time it was asked. */
export interface WorkerFigures {
  readonly cpuMs: number;
  readonly rssBytes: number;
  /** In use. */
  readonly heapBytes: number;
  /** Of the whole life of the process. */
  readonly peakRssBytes: number;
  /** Verb and resource of each request that is no watch and no Event, in the order in which they began, e.g. `replaceStatus apps`. */
  readonly begun: readonly string[];
}

export type WorkerOrder =
  | { readonly kind: 'figures'; readonly collect: boolean }
  | { readonly kind: 'wake'; readonly namespace: string; readonly name: string };

const [kubeconfig = '', folder = ''] = process.argv.slice(2);
let begun: string[] = [];
let cpu = process.cpuUsage();

const config = await loadKubeConfig({ path: kubeconfig, environment: process.env });
const plain = createKubeClient(config);
const client = counted(plain);
const log = createLogger('warn', process.stderr);
const metrics = createMetrics({ processMetrics: false });
const registry = createRegistryClient({ clock: systemClock });
const running = new AbortController().signal;
const events = createEventRecorder({
  client: plain,
  controller: 'headgate.dev/headgate',
  instance: 'bench',
  signal: running,
});
const runtime = startRuntime({
  client,
  registry,
  attachments: registry,
  artifactRegistry: registry,
  artifactStore: registry,
  namespaces: [],
  manifests: { sourceFolder: folder, searchPath: process.env['PATH'] ?? '' },
  clock: systemClock,
  random: Math.random,
  log,
  metrics,
  listener: listenToSteps({ log, metrics, events }),
  helm: { config, programs: { helm: 'helm', kubectl: 'kubectl' } },
  adoption: adoptionSettings(undefined),
  adoptionListener: listenToAdoption(log, events),
  assertLeading: () => undefined,
  signal: running,
});
await runtime.synced;
process.on('message', (order: WorkerOrder) => {
  if (order.kind === 'wake') {
    runtime.webhooks.wakeApp(order.namespace, order.name);
    return;
  }
  process.send?.(figures(order.collect));
});
process.send?.('ready');

function figures(collect: boolean): WorkerFigures {
  const { user, system } = process.cpuUsage(cpu);
  const counted = begun;
  for (let left = collect ? 3 : 0; left > 0; left -= 1) {
    globalThis.gc?.();
  }
  cpu = process.cpuUsage();
  begun = [];
  return {
    cpuMs: (user + system) / 1_000,
    rssBytes: process.memoryUsage().rss,
    heapBytes: process.memoryUsage().heapUsed,
    peakRssBytes: process.resourceUsage().maxRSS * 1_024,
    begun: counted,
  };
}

/** The client, with each call noted under its verb and resource. */
function counted(inner: KubeClient): KubeClient {
  return new Proxy(inner, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') {
        return value;
      }
      return (...given: unknown[]) => {
        const verb = String(property);
        const [first] = given as readonly { readonly plural?: string; readonly path?: string }[];
        if (!['watch', 'close', 'actAs'].includes(verb)) {
          begun.push(`${verb} ${first?.plural ?? first?.path ?? ''}`);
        }
        return (value as (...parts: unknown[]) => unknown).apply(target, given);
      };
    },
  });
}
