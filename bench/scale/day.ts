/**
 * Memory over 24 hours of a clock that is moved: 100 Apps, each updated 100 times, in a process of its own. Arguments: kubeconfig, registry.
 * Prints JSON: MiB of heap after a full collection of garbage, after a tenth of the day and at its end, and how many Updates succeeded.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { pushImage, tagImage } from '../../scripts/oci/push.ts';
import { apps, type ProductObject } from '../../src/adapters/cluster/kinds.ts';
import { createRegistryClient } from '../../src/adapters/registry/client.ts';
import { listenToAdoption } from '../../src/app/adoption/adoption-listener.ts';
import { startRuntime } from '../../src/app/runtime.ts';
import { listenToSteps } from '../../src/app/step-listener.ts';
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts';
import { createLogger } from '../../src/telemetry/log.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { makeWebImage } from '../../test/images/web-image.ts';
import { createManualClock } from '../../test/kube/manual-clock.ts';
import { connectTo, createNamespace } from '../../test/kube/server-fixtures.ts';
import { completeRollouts, createDeployment } from '../../test/runtime-stage.ts';

const [kubeconfig = '', host = '', rounds = '100'] = process.argv.slice(2);
const count = 100;
const dayMs = 24 * 3_600_000;
const turns = Number(rounds);

const client = await connectTo(kubeconfig);
const config = await loadKubeConfig({ path: kubeconfig });
const namespace = await createNamespace(client);
const clock = createManualClock();
const stop = new AbortController();
const log = createLogger('error', { write: () => undefined });
const metrics = createMetrics({ processMetrics: false });
const registry = createRegistryClient({ clock, timeoutMs: 30_000 });
const first = makeWebImage({ version: '1.0.0' });
const second = makeWebImage({ version: '1.1.0' });
const target = (tag: string) => ({ host, repository: `${namespace}/web`, tag, insecure: true });
await pushImage(first, target('1.0.0'));
await pushImage(second, target('0.1.0'));
completeRollouts({ client, namespace }, stop.signal);
for (let at = 0; at < count; at += 1) {
  const name = `web-${at}`;
  const repository = `${host}/${namespace}/web`;
  await createDeployment({ client, namespace }, name, `${repository}:1.0.0`);
  await client.create<ProductObject>(apps, {
    metadata: { namespace, name },
    spec: {
      interval: '5m',
      sources: [{ name: 'web', image: { repository, insecure: true, policy: { semver: { range: '1.x' } } } }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name }] } },
      health: { timeout: '1h', stableFor: '5s' },
    },
  });
}
const nobody = { systems: [], followsReleases: false, keel: { defaultSchedule: '@every 1m' }, insecureRegistries: [] };
const runtime = startRuntime({
  client,
  registry,
  attachments: registry,
  artifactStore: registry,
  artifactRegistry: registry,
  namespaces: [namespace],
  manifests: { sourceFolder: undefined, searchPath: '' },
  clock,
  random: Math.random,
  log,
  metrics,
  listener: listenToSteps({ log, metrics }),
  adoption: nobody,
  adoptionListener: listenToAdoption(log),
  helm: { config, programs: { helm: 'helm', kubectl: 'kubectl' } },
  assertLeading: () => undefined,
  signal: stop.signal,
});
await runtime.synced;

let succeeded = 0;
const heaps: number[] = [];
for (let turn = 1; turn <= turns; turn += 1) {
  const wanted = `1.${turn}.0`;
  await tagImage(turn % 2 === 0 ? first : second, target(wanted));
  const endMs = clock.now().getTime() + dayMs / turns;
  succeeded += await untilAllRun(wanted, endMs);
  await clock.advance(Math.max(0, endMs - clock.now().getTime()));
  if (turn === Math.ceil(turns / 10) || turn === turns) {
    await clock.advance(1_000);
    heaps.push(await heapNow());
  }
}
console.log(JSON.stringify({ heapMiB: heaps, succeeded, rssMiB: process.memoryUsage().rss / 2 ** 20 }));
stop.abort();
await runtime.stopped;
await Promise.all([registry.close(), client.close()]);

/** Moves the clock in small steps until every App runs the version. @returns how many do */
async function untilAllRun(wanted: string, endMs: number): Promise<number> {
  for (;;) {
    const running = runtime
      .listApps()
      .filter(({ status }) => JSON.stringify(status?.sources ?? []).includes(`"${wanted}"`));
    const atRest = running.filter(
      ({ status }) => status?.waiting === undefined || status.waiting.reason === 'UpToDate',
    );
    if (atRest.length === count || clock.now().getTime() > endMs + dayMs) {
      return atRest.length;
    }
    await clock.advance(2_000);
    await delay(20);
  }
}

async function heapNow(): Promise<number> {
  await delay(500);
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
}
