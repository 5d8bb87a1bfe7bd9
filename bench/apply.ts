/**
 * Many objects put in place, beside kubectl and beside what no client can go below, on one real API server in one run.
 * `make bench NAME=apply`.
 *
 * (a) 2,000 objects in 500 files: bare parallel requests, Headgate's apply engine, `kubectl apply --server-side --validate=false`; then each
 * once more, unchanged. (b) The same 2,000 objects as one App of the whole program: unchanged, one line changed, memory. (c) 200 and (d)
 * 1,000 Apps of 4 objects with a real controller manager: until all are ready, writes, and gone again. (e) 5,000 files of which one
 * changes. (f) memory over 200 updates. Absolute times mean little on a busy machine; the ratios are of the same run.
 */
import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { makeProgramLayer, nodeFlags } from '../scripts/product-image/program-layer.ts';
import { apps, type ProductObject, updates } from '../src/adapters/cluster/kinds.ts';
import { createObjectAccess } from '../src/adapters/cluster/objects.ts';
import { createFolders } from '../src/adapters/manifests/folders.ts';
import { createManifestRenderer } from '../src/adapters/manifests/renderer.ts';
import { makeDesiredSet } from '../src/core/manifest/desired-set.ts';
import { toInventory } from '../src/core/manifest/inventory.ts';
import { applyObjects } from '../src/engine/deploy/manifests/apply-objects.ts';
import type { ObjectResult } from '../src/engine/deploy/manifests/object-result.ts';
import { createKubeClient, type KubeClient } from '../src/kube/client.ts';
import { systemClock } from '../src/kube/clock.ts';
import { createDiscovery } from '../src/kube/discovery.ts';
import { startInformer } from '../src/kube/informer.ts';
import { loadKubeConfig } from '../src/kube/kubeconfig.ts';
import { type KubeObject, keyOf } from '../src/kube/objects.ts';
import { configMaps, namespaces } from '../src/kube/resource-types.ts';
import { locateTools } from '../test/cluster/binaries.ts';
import { type ControlPlane, startControlPlane } from '../test/cluster/control-plane.ts';
import { installCrds } from '../test/install-crds.ts';
import { serviceObjects, writeService, writeServices } from './apply-objects.ts';
import type { WorkerFigures, WorkerOrder } from './apply-worker.ts';

interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: number;
  readonly better: 'lower' | 'higher';
}

const serviceCount = 500;
const run = promisify(execFile);
const figures: Figure[] = [];
const never = new AbortController().signal;

const folder = await mkdtemp(join(tmpdir(), 'headgate-bench-'));
const worker = await bundleWorker();
try {
  await measureObjects();
  await measureApps();
  await measureFiles();
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(JSON.stringify({ figures }));

/** As the product's image has the program: one file, so that nothing is compiled in the process that is measured. */
async function bundleWorker(): Promise<string> {
  const [file] = await makeProgramLayer(fileURLToPath(new URL('apply-worker.ts', import.meta.url)));
  const path = join(folder, 'apply-worker.mjs');
  await writeFile(path, file?.kind === 'file' ? file.content : '');
  return path;
}

/** (a) */
async function measureObjects(): Promise<void> {
  await withPlane({ keys: 'rsa2048' }, async (plane, client) => {
    const files = join(folder, 'objects');
    await writeServices(files, serviceCount);
    const raw = await timed('bare parallel requests', () => applyBare(client, 'bare'));
    const engine = await applyWithEngine(client, files);
    const kubectl = await timed('kubectl, first', () => applyWithKubectl(plane, client, files));
    const again = await timed('kubectl, unchanged', () => applyWithKubectl(plane, client, files));
    figure('first apply of 2,000 objects, share of bare requests', engine.firstMs / raw, 'ratio', 1.2);
    figure('first apply of 2,000 objects, share of kubectl', engine.firstMs / kubectl, 'ratio', 1);
    figure('2,000 objects unchanged: CPU', engine.unchangedCpuMs, 'ms', 100);
    figure('2,000 objects unchanged, share of kubectl', engine.unchangedMs / again, 'ratio');
  });
}

async function applyBare(client: KubeClient, namespace: string): Promise<void> {
  await client.create(namespaces, { metadata: { name: namespace } });
  const paths: Readonly<Record<string, string>> = {
    ConfigMap: `/api/v1/namespaces/${namespace}/configmaps`,
    ServiceAccount: `/api/v1/namespaces/${namespace}/serviceaccounts`,
    Service: `/api/v1/namespaces/${namespace}/services`,
    Deployment: `/apis/apps/v1/namespaces/${namespace}/deployments`,
  };
  const bodies = Array.from(
    { length: serviceCount },
    (_, index) => serviceObjects(index) as readonly KubeObject[],
  ).flat();
  await inParallel(bodies, async (body) => {
    await client.request({
      what: 'bare request',
      method: 'PATCH',
      path: `${paths[body.kind]}/${body.metadata.name}`,
      query: { fieldManager: 'bench', fieldValidation: 'Strict' },
      contentType: 'application/apply-patch+yaml',
      body,
    });
  });
}

async function inParallel<T>(items: readonly T[], action: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const take = async () => {
    for (let index = next++; index < items.length; index = next++) {
      await action(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: 8 }, take));
}

async function applyWithEngine(client: KubeClient, files: string) {
  await client.create(namespaces, { metadata: { name: 'engine' } });
  const cluster = createObjectAccess({ client, discovery: createDiscovery({ client }), clock: systemClock }).actingAs(
    undefined,
  );
  const folders = createFolders({ root: files });
  const renderer = createManifestRenderer({ kubectl: 'kubectl', sops: 'sops', path: '' });
  let results: readonly ObjectResult[] = [];
  const pass = async () => {
    const read = await renderer.render({ tree: await folders.readTree('', never), path: '' }, never);
    const scopeOf = await cluster.scopesOf(read, never);
    const { objects } = makeDesiredSet({ read, scopeOf, defaultNamespace: 'engine' });
    const inventory = toInventory(results.flatMap((result) => ('entry' in result ? [result.entry] : [])));
    results = await applyObjects(cluster, { objects, inventory, conflicts: 'Fail' }, never);
    const failed = results.filter(({ kind }) => kind === 'Failed');
    if (failed.length > 0) {
      throw new Error(`${failed.length} objects failed`);
    }
  };
  const firstMs = await timed('engine, first', pass);
  await pass();
  const before = process.cpuUsage();
  const unchangedMs = await timed('engine, unchanged', pass);
  const { user, system } = process.cpuUsage(before);
  return { firstMs, unchangedMs, unchangedCpuMs: (user + system) / 1_000 };
}

async function applyWithKubectl(plane: ControlPlane, client: KubeClient, files: string): Promise<void> {
  const { kubectl } = await locateTools(['kubectl']);
  const name = 'kubectl';
  if ((await client.find(namespaces, { namespace: '', name })) === undefined) {
    await client.create(namespaces, { metadata: { name } });
  }
  const flags = ['--kubeconfig', plane.kubeconfigPath, '-n', name];
  await run(kubectl, [...flags, 'apply', '--server-side', '--validate=false', '-f', files], { maxBuffer: 2 ** 26 });
}

/** (b), (c), (d) and (f) */
async function measureApps(): Promise<void> {
  await withPlane({ controllers: true }, async (plane, client) => {
    await installCrds(client);
    await withWorker(plane, (child) => measureOneApp(client, child));
    await withWorker(plane, (child) => measureManyApps(client, child, 200));
    await withWorker(plane, (child) => measureManyApps(client, child, 1_000));
  });
}

async function measureOneApp(client: KubeClient, child: ChildProcess): Promise<void> {
  const namespace = 'one-app';
  const path = join(folder, 'apps', namespace);
  await client.create(namespaces, { metadata: { name: namespace } });
  await writeServices(path, serviceCount);
  await createApp(client, namespace, 'big', namespace);
  await untilReady(client, namespace, { count: 1, mostMs: 180_000 });
  await ask(child, false);
  await delay(12_000);
  const rest = await ask(child, false);
  console.log('at rest over 12 s with 2 looks at the folder', rest);
  figure('one App of 2,000 objects at rest: requests', sum(rest.requests), 'requests', 0);
  figure('one App of 2,000 objects at rest: CPU for each look', rest.cpuMs / 2, 'ms', 100);
  await measureOneLine(client, child, { namespace, path });
  const flat = await measureUpdates(client, child, { namespace, path });
  figure('memory over 200 updates: growth', flat, 'ratio', 1.15);
  const { peakRssBytes, heapBytes } = await ask(child, true);
  console.log(`heap at the end ${mebibytes(heapBytes)}`);
  figure('one App of 2,000 objects: highest memory', peakRssBytes / 2 ** 20, 'MiB', 120);
}

interface Place {
  readonly namespace: string;
  readonly path: string;
}

async function measureOneLine(client: KubeClient, child: ChildProcess, { namespace, path }: Place): Promise<void> {
  await ask(child, false);
  await writeService(path, 7, 2);
  const startedAt = performance.now();
  order(child, { kind: 'wake', namespace, name: 'big' });
  await untilValue(client, namespace, 'app-7', 'value 2');
  const ms = performance.now() - startedAt;
  const { requests, cpuMs } = await ask(child, false);
  console.log(`one changed line: ${Math.round(ms)} ms, CPU ${Math.round(cpuMs)} ms`, requests);
  figure('one changed line: in the cluster', ms, 'ms', 1_000);
  figure('one changed line: requests until then', sum(requests), 'requests', 5);
}

/** Each is a whole Update; memory is compared after a full collection. */
async function measureUpdates(client: KubeClient, child: ChildProcess, { namespace, path }: Place): Promise<number> {
  const rounds = 200;
  let early = 0;
  const small = `${namespace}-small`;
  const smallPath = join(path, '..', small);
  await writeServices(smallPath, 1);
  await createApp(client, namespace, 'small', small);
  await untilReady(client, namespace, { count: 2, mostMs: 60_000 });
  for (let round = 1; round <= rounds; round += 1) {
    await writeService(smallPath, 0, round + 1);
    order(child, { kind: 'wake', namespace, name: 'small' });
    await untilReady(client, namespace, { count: 2, mostMs: 60_000, sequence: round + 1 });
    if (round === rounds / 4) {
      early = (await ask(child, true)).rssBytes;
    }
  }
  const late = (await ask(child, true)).rssBytes;
  console.log(`memory after 50 updates ${mebibytes(early)}, after 200 ${mebibytes(late)}`);
  return late / early;
}

async function measureManyApps(client: KubeClient, child: ChildProcess, count: number): Promise<void> {
  const namespace = `apps-${count}`;
  await client.create(namespaces, { metadata: { name: namespace } });
  for (let index = 0; index < count; index += 1) {
    const path = join(folder, 'apps', namespace, String(index));
    await writeServices(path, 0);
    await writeService(path, index, 1);
  }
  await ask(child, false);
  const startedAt = performance.now();
  await inParallel(
    Array.from({ length: count }, (_, index) => index),
    (index) => createApp(client, namespace, `app-${index}`, `${namespace}/${index}`),
  );
  await untilReady(client, namespace, { count: count, mostMs: 400_000 });
  const seconds = (performance.now() - startedAt) / 1_000;
  const { requests, peakRssBytes, cpuMs } = await ask(child, false);
  const writes = (requests['replaceStatus apps'] ?? 0) / count;
  console.log(
    `${count} Apps: ${seconds.toFixed(1)} s, CPU ${Math.round(cpuMs)} ms, ${mebibytes(peakRssBytes)}`,
    requests,
  );
  figure(`${count} Apps of 4 objects: all ready`, seconds, 's', count === 200 ? 20 : 120);
  figure(`${count} Apps of 4 objects: status writes an App`, writes, 'writes', 3);
  figure(`${count} Apps of 4 objects: highest memory`, peakRssBytes / 2 ** 20, 'MiB', 300);
  if (count === 200) {
    figure('200 Apps with prune: gone', await measureDeletion(client, namespace), 's', 20);
  }
}

async function measureDeletion(client: KubeClient, namespace: string): Promise<number> {
  const startedAt = performance.now();
  await client.request({
    what: 'delete Apps',
    method: 'DELETE',
    path: `/apis/headgate.dev/v1alpha1/namespaces/${namespace}/apps`,
  });
  for (;;) {
    const [left, objects] = await Promise.all([
      client.list(apps, { namespace, metadataOnly: true }),
      client.list(configMaps, { namespace, labelSelector: 'team', metadataOnly: true }),
    ]);
    if (left.items.length + objects.items.length === 0) {
      return (performance.now() - startedAt) / 1_000;
    }
    await delay(200);
  }
}

/** (e) */
async function measureFiles(): Promise<void> {
  const path = join(folder, 'files');
  await writeServices(path, 5_000);
  const folders = createFolders({ root: path });
  const renderer = createManifestRenderer({ kubectl: 'kubectl', sops: 'sops', path: '' });
  const read = async () => (await renderer.render({ tree: await folders.readTree('', never), path: '' }, never)).length;
  await timed('5,000 files, first', read);
  await writeService(path, 17, 2);
  const ms = await timed('5,000 files, one changed', read);
  figure('5,000 files of which one changed: read', ms, 'ms', 500);
}

async function withPlane(
  options: Parameters<typeof startControlPlane>[0],
  work: (plane: ControlPlane, client: KubeClient) => Promise<void>,
): Promise<void> {
  const plane = await startControlPlane(options);
  const client = createKubeClient(await loadKubeConfig({ path: plane.kubeconfigPath }), { fieldManager: 'bench' });
  try {
    await work(plane, client);
  } finally {
    await client.close();
    await plane.stop();
  }
}

async function withWorker(plane: ControlPlane, work: (child: ChildProcess) => Promise<void>): Promise<void> {
  const child = fork(worker, [plane.kubeconfigPath, join(folder, 'apps')], { execArgv: ['--expose-gc', ...nodeFlags] });
  try {
    await once(child, 'message', { signal: AbortSignal.timeout(60_000) });
    const { rssBytes, heapBytes } = await ask(child, true);
    console.log(`worker ready: ${mebibytes(rssBytes)}, of it heap ${mebibytes(heapBytes)}`);
    await work(child);
  } finally {
    child.kill('SIGKILL');
  }
}

function order(child: ChildProcess, sent: WorkerOrder): void {
  child.send(sent);
}

async function ask(child: ChildProcess, collect: boolean): Promise<WorkerFigures> {
  const answer = once(child, 'message', { signal: AbortSignal.timeout(60_000) });
  order(child, { kind: 'figures', collect });
  const [told] = (await answer) as [WorkerFigures];
  return told;
}

async function createApp(client: KubeClient, namespace: string, name: string, path: string): Promise<void> {
  const spec = {
    interval: name.startsWith('app-') ? '10m' : '5s',
    sources: [{ name: 'files', folder: { path } }],
    deploy: { manifests: { deletion: 'Prune' } },
    health: { timeout: '5m', stableFor: '0s' },
    historyLimit: 2,
  };
  await client.create<ProductObject>(apps, { metadata: { namespace, name }, spec });
}

interface WatchedApp extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly update?: string;
  };
}

interface Wanted {
  /** Apps that are to be Ready. */
  readonly count: number;
  readonly mostMs: number;
  /** Number of the Update of the small Apps that must have come. */
  readonly sequence?: number;
}

async function untilReady(
  client: KubeClient,
  namespace: string,
  { count, mostMs, sequence = 1 }: Wanted,
): Promise<void> {
  const stop = new AbortController();
  const ready = new Set<string>();
  const { promise, resolve } = Promise.withResolvers<void>();
  startInformer<WatchedApp>({
    client,
    type: apps,
    namespace,
    signal: stop.signal,
    onError: () => undefined,
    onChange: (object) => {
      const done = Number(/-(\d+)$/.exec(object.status?.update ?? '')?.[1] ?? 0);
      const isReady =
        object.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
      const isDue = object.metadata.name === 'big' || done >= sequence;
      if (isReady && isDue) {
        ready.add(keyOf(object));
      }
      if (ready.size >= count) {
        resolve();
      }
    },
  });
  try {
    await Promise.race([promise, delay(mostMs).then(() => explain(client, namespace, ready.size, count))]);
  } finally {
    stop.abort();
  }
}

async function explain(client: KubeClient, namespace: string, ready: number, count: number): Promise<never> {
  const { items } = await client.list<ProductObject>(updates, { namespace });
  const [first] = items.filter(({ status }) => JSON.stringify(status ?? '').includes('Succeeded') === false);
  throw new Error(
    `only ${ready} of ${count} Apps are ready; ${JSON.stringify(first?.status ?? 'no Update').slice(0, 1_000)}`,
  );
}

async function untilValue(client: KubeClient, namespace: string, name: string, value: string): Promise<void> {
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
    await Promise.race([promise, delay(60_000).then(() => Promise.reject(new Error('the change did not come')))]);
  } finally {
    stop.abort();
  }
}

async function timed(name: string, action: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await action();
  const ms = performance.now() - startedAt;
  console.log(`${name}: ${Math.round(ms)} ms`);
  return ms;
}

function figure(name: string, value: number, unit: string, goal?: number): void {
  const rounded = Math.round(value * 100) / 100;
  figures.push({ name, value: rounded, unit, ...(goal === undefined ? {} : { goal }), better: 'lower' });
  console.log(`  ${name}: ${rounded} ${unit}${goal === undefined ? '' : ` (goal ${goal})`}`);
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, one) => total + one, 0);
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
