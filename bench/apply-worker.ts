/**
 * Headgate at work in a process of its own, for bench/apply.ts: the whole program but sockets and Lease. Arguments: kubeconfig,
 * folder. Through the channel it is asked for its figures, to wake an App, and to end.
 */
import { createRegistryClient } from '../src/adapters/registry/client.ts';
import { listenToAdoption } from '../src/app/adoption-listener.ts';
import { adoptionSettings } from '../src/app/adoption-settings.ts';
import { startRuntime } from '../src/app/runtime.ts';
import { listenToSteps } from '../src/app/step-listener.ts';
import { createKubeClient, type KubeClient } from '../src/kube/client.ts';
import { systemClock } from '../src/kube/clock.ts';
import { loadKubeConfig } from '../src/kube/kubeconfig.ts';
import { createLogger } from '../src/telemetry/log.ts';
import { createMetrics } from '../src/telemetry/metrics.ts';

/** Since the last time it was asked. */
export interface WorkerFigures {
  readonly cpuMs: number;
  readonly rssBytes: number;
  /** In use. */
  readonly heapBytes: number;
  /** Of the whole life of the process. */
  readonly peakRssBytes: number;
  /** Verb and resource of each request that is no watch, e.g. `replaceStatus apps`. */
  readonly requests: Readonly<Record<string, number>>;
}

export type WorkerOrder =
  | { readonly kind: 'figures'; readonly collect: boolean }
  | { readonly kind: 'wake'; readonly namespace: string; readonly name: string };

const [kubeconfig = '', folder = ''] = process.argv.slice(2);
let requests: Record<string, number> = {};
let cpu = process.cpuUsage();

const config = await loadKubeConfig({ path: kubeconfig, environment: process.env });
const client = counted(createKubeClient(config));
const log = createLogger('warn', process.stderr);
const metrics = createMetrics({ processMetrics: false });
const registry = createRegistryClient({ clock: systemClock });
const runtime = startRuntime({
  client,
  registry,
  attachments: registry,
  artifactRegistry: registry,
  namespaces: [],
  manifests: { sourceFolder: folder, searchPath: process.env['PATH'] ?? '' },
  clock: systemClock,
  random: Math.random,
  log,
  metrics,
  listener: listenToSteps({ log, metrics }),
  helm: { config, programs: { helm: 'helm', kubectl: 'kubectl' } },
  adoption: adoptionSettings(undefined),
  adoptionListener: listenToAdoption(log),
  assertLeading: () => undefined,
  signal: new AbortController().signal,
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
  const counted = requests;
  for (let left = collect ? 3 : 0; left > 0; left -= 1) {
    globalThis.gc?.();
  }
  cpu = process.cpuUsage();
  requests = {};
  return {
    cpuMs: (user + system) / 1_000,
    rssBytes: process.memoryUsage().rss,
    heapBytes: process.memoryUsage().heapUsed,
    peakRssBytes: process.resourceUsage().maxRSS * 1_024,
    requests: counted,
  };
}

/** The client, with each call noted under its verb and resource. */
function counted(inner: KubeClient): KubeClient {
  const note = (name: string) => {
    requests[name] = (requests[name] ?? 0) + 1;
  };
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
          note(`${verb} ${first?.plural ?? first?.path ?? ''}`);
        }
        return (value as (...parts: unknown[]) => unknown).apply(target, given);
      };
    },
  });
}
