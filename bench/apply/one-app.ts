/** (b) and (f): 2,000 objects as one App of the whole program, at rest and with one line changed; then 200 Updates of another. */
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeClient } from '../../src/kube/client.ts';
import { startInformer } from '../../src/kube/informer.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { configMaps, namespaces } from '../../src/kube/resource-types.ts';
import { installCrds } from '../../test/install-crds.ts';
import { say } from '../figures.ts';
import { serviceCount, writeService, writeServices } from './service-objects.ts';
import {
  type ApplyBench,
  createApp,
  mebibytes,
  untilReady,
  type Worker,
  withControllers,
  withPlane,
  withWorker,
} from './stage.ts';

const namespace = 'one-app';
const rounds = 200;

export async function measureOneApp(bench: ApplyBench): Promise<void> {
  await withPlane(withControllers, async (plane, client) => {
    await installCrds(client);
    await client.create(namespaces, { metadata: { name: namespace } });
    await withWorker(bench, plane, async (worker) => {
      await measureBig(bench, client, worker);
      await measureUpdates(bench, client, worker);
      const { peakRssBytes, heapBytes } = await worker.figures(true);
      say(`heap at the end ${mebibytes(heapBytes)}`);
      bench.note('one App of 2,000 objects: highest memory', peakRssBytes / 2 ** 20, 'MiB', 120);
    });
  });
}

async function measureBig({ sources, note }: ApplyBench, client: KubeClient, worker: Worker): Promise<void> {
  const path = join(sources, 'big');
  await writeServices(path, serviceCount);
  await createApp(client, { namespace, name: 'big', path: 'big', interval: '5s' });
  await untilReady(client, namespace, { count: 1, mostMs: 180_000 });
  const first = await worker.figures();
  say(`first: CPU ${Math.round(first.cpuMs)} ms, highest memory ${mebibytes(first.peakRssBytes)}`);
  // What the controllers still write about the new objects, and what the memory of the first apply costs to collect, is no cost of a look.
  await delay(20_000);
  await worker.figures();
  await delay(12_000);
  const rest = await worker.figures();
  say(`at rest over 12 s with 2 looks at the folder: ${rest.begun.length} requests, CPU ${Math.round(rest.cpuMs)} ms`);
  note('one App of 2,000 objects at rest: requests', rest.begun.length, 'requests', 0);
  note('one App of 2,000 objects at rest: CPU for each look', rest.cpuMs / 2, 'ms', 100);
  await writeService(path, 7, 2);
  const startedAt = performance.now();
  worker.wake(namespace, 'big');
  await untilValue(client, { name: 'app-7', value: 'value 2' });
  const ms = performance.now() - startedAt;
  await untilReady(client, namespace, { count: 1, mostMs: 60_000, sequence: 2 });
  const { begun, cpuMs } = await worker.figures();
  say(`one changed line: ${Math.round(ms)} ms, CPU ${Math.round(cpuMs)} ms, of the whole Update: ${begun.join(', ')}`);
  note('one changed line: in the cluster', ms, 'ms', 1_000);
  note('one changed line: requests up to that of the change', begun.indexOf('apply configmaps') + 1, 'requests', 5);
  note('one changed line: requests of the whole Update', begun.length, 'requests');
}

/** Each is a whole Update; memory is compared after a full collection. */
async function measureUpdates({ sources, note }: ApplyBench, client: KubeClient, worker: Worker): Promise<void> {
  const path = join(sources, 'small');
  // Objects that the big App has not.
  const index = serviceCount;
  await writeServices(path, 0);
  await writeService(path, index, 1);
  await createApp(client, { namespace, name: 'small', path: 'small', interval: '5s' });
  await untilReady(client, namespace, { count: 1, mostMs: 60_000, name: 'small' });
  let early = 0;
  for (let round = 1; round <= rounds; round += 1) {
    await writeService(path, index, round + 1);
    worker.wake(namespace, 'small');
    await untilReady(client, namespace, { count: 1, mostMs: 60_000, name: 'small', sequence: round + 1 });
    if (round === rounds / 4) {
      early = (await worker.figures(true)).rssBytes;
    }
  }
  const late = (await worker.figures(true)).rssBytes;
  say(`memory after ${rounds / 4} updates ${mebibytes(early)}, after ${rounds} ${mebibytes(late)}`);
  note(`memory over ${rounds} updates: growth after the first ${rounds / 4}`, late / early, 'ratio', 1.15);
}

async function untilValue(
  client: KubeClient,
  { name, value }: { readonly name: string; readonly value: string },
): Promise<void> {
  const stop = new AbortController();
  const { promise, resolve } = Promise.withResolvers<void>();
  startInformer<KubeObject & { readonly data?: Readonly<Record<string, string>> }>({
    client,
    type: configMaps,
    namespace,
    fieldSelector: `metadata.name=${name}`,
    signal: stop.signal,
    onError: () => undefined,
    onChange: (object) => {
      if (object.data?.['setting'] === value) {
        resolve();
      }
    },
  });
  try {
    await Promise.race([
      promise,
      delay(60_000, undefined, { ref: false }).then(() => Promise.reject(new Error('the change did not come'))),
    ]);
  } finally {
    stop.abort();
  }
}
