/**
 * Many Apps on a real API server, its controller manager and nodes that KWOK plays: `make bench NAME=scale`; `node bench/scale.ts crowd` or
 * `day` measures one part.
 *
 * crowd: 10,000 Deployments with annotations, of which 1,000 have an App (100 repositories, one check a minute) and a pod: from the start of the
 * program until every App says that it is up to date, memory, a minute at rest, and 500 Updates that are due at once. The 9,000 others have
 * no pods and say `keel.sh/policy: never`, with Keel's annotations followed: each has to be read and left alone.
 * day: memory over 24 hours of a moved clock with 10,000 Updates.
 */
import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { apps, type ProductObject } from '../src/adapters/cluster/kinds.ts';
import { startInformer } from '../src/kube/informer.ts';
import { keyOf } from '../src/kube/objects.ts';
import { waitUntil } from '../test/cluster/wait-until.ts';
import { hireWarden } from '../test/cluster/warden.ts';
import { startRegistry } from '../test/servers/registry.ts';
import { withControllers } from './apply/stage.ts';
import { type BenchCluster, startCluster } from './detect/cluster.ts';
import { startController } from './detect/controller-process.ts';
import { startFilledRegistry } from './detect/filled-registry.ts';
import { type Figure, mebibytes, round, say, sayFigures } from './figures.ts';
import { createCrowd, crowd, startKwok } from './scale/crowd.ts';
import { measureDue } from './scale/due-at-once.ts';

const asked = process.argv.slice(2);
const restSeconds = 60;
/** Nobody renews the leases of nodes that are played: the node controller would take them for lost after 50 s, and their pods for unready. */
const playedNodes = [...withControllers.controllerFlags, '--node-monitor-grace-period=24h'];

const figures: Figure[] = [];
if (asked.length === 0 || asked.includes('crowd')) {
  figures.push(...(await measureCrowd()));
}
if (asked.length === 0 || asked.includes('day')) {
  figures.push(...(await measureDay()));
}
sayFigures(figures);
console.log(JSON.stringify({ figures }));

async function measureCrowd(): Promise<Figure[]> {
  const warden = await hireWarden();
  const [cluster, registry] = await Promise.all([
    startCluster({ ...withControllers, controllerFlags: playedNodes }),
    startFilledRegistry(),
  ]);
  try {
    await registry.fill(crowd.prefix, crowd.repositories, ['1.0.0', crowd.tag]);
    await startKwok(warden, cluster);
    const madeAt = performance.now();
    await createCrowd(cluster, registry.host);
    say(`  ${crowd.deployments} Deployments and ${crowd.apps} Apps made in ${seconds(madeAt)} s`);
    await untilAvailable(cluster);
    const options = { kubeconfig: cluster.kubeconfig, more: ['--adopt', 'keel'] };
    const controller = await startController(warden, options);
    await untilUpToDate(cluster, crowd.apps);
    const readySeconds = seconds(controller.startedAt);
    const atStart = await controller.usage();
    say(`  all up to date ${readySeconds} s after the start, ${mebibytes(atStart.highestRssBytes)} MiB at most`);
    // Checks that began together part within the first interval.
    await delay(restSeconds * 1_100);
    const mark = cluster.proxy.requests.length;
    const before = await controller.usage();
    await delay(restSeconds * 1_000);
    const after = await controller.usage();
    const atRest = cluster.proxy.requests.slice(mark).filter(({ isWatch }) => !isWatch);
    const share = ((after.cpuMs - before.cpuMs) / (restSeconds * 1_000)) * 100;
    say(`  at rest: ${round(share)} % of a core, ${atRest.length} requests`);
    const due = await measureDue(cluster, registry, { webhooks: controller.webhooks, repositories: 50 });
    const { highestRssBytes, cpuMs } = await controller.usage();
    const eachMs = (cpuMs - after.cpuMs) / due.count;
    say(
      `  ${due.count} Updates: ${round(due.seconds)} s, ${round(due.count / due.seconds)} a second, ${round(eachMs)} ms of CPU each`,
    );
    await controller.stop();
    const name = `${crowd.apps} Apps among ${crowd.deployments} Deployments`;
    return [
      { name: `${name}: all ready after the start`, value: readySeconds, unit: 's', goal: 60, better: 'lower' },
      { name: `${name}: highest memory`, value: mebibytes(highestRssBytes), unit: 'MiB', goal: 400, better: 'lower' },
      { name: `${name}: CPU at rest, of a core`, value: round(share), unit: '%', goal: 2, better: 'lower' },
      {
        name: `${name}: requests at rest beyond watches`,
        value: atRest.length,
        unit: 'requests',
        goal: 0,
        better: 'lower',
      },
      {
        name: `${due.count} Updates due at once: a second, with 10 s of proof`,
        value: round(due.count / due.seconds),
        unit: '1/s',
        better: 'higher',
      },
      {
        name: `${due.count} Updates due at once: succeeded`,
        value: due.succeeded,
        unit: 'Updates',
        goal: due.count,
        better: 'higher',
      },
      {
        name: `${due.count} Updates due at once: further ones`,
        value: due.surplus,
        unit: 'Updates',
        goal: 0,
        better: 'lower',
      },
    ];
  } finally {
    await Promise.all([warden.dismiss(), registry.stop()]);
    await cluster.stop();
  }
}

async function measureDay(): Promise<Figure[]> {
  const [cluster, registry] = await Promise.all([startCluster(), startRegistry()]);
  try {
    const worker = fileURLToPath(new URL('scale/day.ts', import.meta.url));
    const words = ['--expose-gc', worker, cluster.directKubeconfig, registry.host, process.env['DAY_ROUNDS'] ?? '100'];
    const { stdout } = await promisify(execFile)(process.execPath, words, { maxBuffer: 2 ** 24 });
    const { heapMiB, succeeded } = JSON.parse(stdout) as { heapMiB: readonly number[]; succeeded: number };
    const [early = 0, late = 0] = heapMiB;
    say(`  24 hours, ${succeeded} Updates: heap ${round(early)} MiB after a tenth, ${round(late)} MiB at the end`);
    return [
      {
        name: '24 simulated hours: Updates that succeeded',
        value: succeeded,
        unit: 'Updates',
        goal: 10_000,
        better: 'higher',
      },
      {
        name: '24 simulated hours: growth of the heap',
        value: round((late / early - 1) * 100),
        unit: '%',
        goal: 10,
        better: 'lower',
      },
    ];
  } finally {
    await registry.stop();
    await cluster.stop();
  }
}

function seconds(sinceMs: number): number {
  return round((performance.now() - sinceMs) / 1_000);
}

async function untilUpToDate({ client }: BenchCluster, count: number): Promise<void> {
  const stop = new AbortController();
  const done = new Set<string>();
  startInformer<ProductObject>({
    client,
    type: apps,
    signal: stop.signal,
    onError: () => undefined,
    onChange: (app) => {
      if (JSON.stringify(app.status ?? {}).includes('"reason":"UpToDate"')) {
        done.add(keyOf(app));
      }
    },
  });
  await waitUntil(`${count} Apps are up to date`, 600_000, async () => done.size >= count);
  stop.abort();
}

/** The pods of the Deployments that have some are ready. */
async function untilAvailable({ client }: BenchCluster): Promise<void> {
  const pods = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };
  await waitUntil('all pods are ready', 900_000, async () => {
    const { items } = await client.list<ProductObject>(pods, { fieldSelector: 'status.phase=Running' });
    await delay(2_000);
    return items.length >= crowd.apps;
  });
  // As their Deployments will say in a moment.
  await delay(5_000);
}
