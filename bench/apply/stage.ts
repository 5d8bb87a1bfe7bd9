/** What the parts of bench/apply.ts stand on: an API server, and Headgate in a process of its own. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { makeProgramLayer, nodeEnvironment, nodeFlags } from '../../scripts/product-image/program-layer.ts';
import { apps, type ProductObject, updates } from '../../src/adapters/cluster/kinds.ts';
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts';
import { startInformer } from '../../src/kube/informer.ts';
import { loadKubeConfig } from '../../src/kube/kubeconfig.ts';
import { type KubeObject, keyOf } from '../../src/kube/objects.ts';
import { type ControlPlane, startControlPlane } from '../../test/cluster/control-plane.ts';
import { type Figure, round, say } from '../figures.ts';
import type { WorkerFigures, WorkerOrder } from './worker.ts';

/** What every part is given. */
export interface ApplyBench {
  /** Of our own. */
  readonly folder: string;
  /** Below it; the worker reads from there. */
  readonly sources: string;
  /** The program of the worker, bundled. */
  readonly worker: string;
  /** Notes a figure. */
  readonly note: (name: string, value: number, unit: string, goal?: number) => void;
}

export function createBench(folder: string, worker: string, figures: Figure[]): ApplyBench {
  return {
    folder,
    sources: join(folder, 'apps'),
    worker,
    note(name, value, unit, goal) {
      figures.push({ name, value: round(value), unit, ...(goal === undefined ? {} : { goal }), better: 'lower' });
      say(`  ${name}: ${round(value)} ${unit}${goal === undefined ? '' : ` (goal ${goal})`}`);
    },
  };
}

/** As the product's image has the program: one file, so that nothing is compiled in the process that is measured. */
export async function bundleWorker(folder: string): Promise<string> {
  const [file] = await makeProgramLayer(fileURLToPath(new URL('worker.ts', import.meta.url)));
  const path = join(folder, 'worker.mjs');
  await writeFile(path, file?.kind === 'file' ? file.content : '');
  return path;
}

export async function withPlane(
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

/** CPU time in ms that each program of the cluster has used, by its name. They work in the cluster's folder. */
export async function cpuOf(plane: ControlPlane): Promise<Readonly<Record<string, number>>> {
  const used: Record<string, number> = {};
  for (const pid of (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name))) {
    const place = await readlink(`/proc/${pid}/cwd`).catch(() => '');
    if (place === plane.directory) {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      const name = /\((.*)\)/.exec(stat)?.[1] ?? '';
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      used[name] = (used[name] ?? 0) + (Number(fields[11]) + Number(fields[12])) * 10;
    }
  }
  return used;
}

/**
 * A control plane whose controllers are not held back: by default the controller manager asks for no more than 20 things a second, which
 * is 5 new Deployments, so that 200 of them would measure that and nothing else.
 */
export const withControllers = {
  controllers: true,
  controllerFlags: ['--kube-api-qps=300', '--kube-api-burst=600', '--concurrent-deployment-syncs=10'],
} as const;

/** Headgate at work, run with the flags of the image. */
export interface Worker {
  /** Since it was asked last. @param collect after a full collection of garbage */
  figures(collect?: boolean): Promise<WorkerFigures>;
  wake(namespace: string, name: string): void;
}

export async function withWorker(
  bench: ApplyBench,
  plane: ControlPlane,
  work: (worker: Worker) => Promise<void>,
): Promise<void> {
  const child = fork(bench.worker, [plane.kubeconfigPath, bench.sources], {
    execArgv: ['--expose-gc', ...nodeFlags],
    env: { ...process.env, ...nodeEnvironment },
  });
  try {
    await once(child, 'message', { signal: AbortSignal.timeout(60_000) });
    const worker: Worker = {
      figures: (collect = false) => ask(child, collect),
      wake: (namespace, name) => order(child, { kind: 'wake', namespace, name }),
    };
    const { rssBytes, heapBytes } = await worker.figures(true);
    say(`worker ready: ${mebibytes(rssBytes)}, of it heap ${mebibytes(heapBytes)}`);
    await work(worker);
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

export interface AppPlan {
  readonly namespace: string;
  readonly name: string;
  /** Folder below the sources. */
  readonly path: string;
  readonly interval: string;
}

export async function createApp(
  client: KubeClient,
  { namespace, name, path, interval }: AppPlan,
  more: object = {},
): Promise<ProductObject> {
  const spec = {
    interval,
    sources: [{ name: 'files', folder: { path } }],
    deploy: { manifests: { deletion: 'Prune' } },
    health: { timeout: '5m', stableFor: '0s' },
    historyLimit: 2,
    ...more,
  };
  return await client.create<ProductObject>(apps, { metadata: { namespace, name }, spec });
}

interface WatchedApp extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly update?: string;
  };
}

export interface Wanted {
  /** Apps that are to be Ready. */
  readonly count: number;
  readonly mostMs: number;
  /** Of these alone. */
  readonly name?: string;
  /** Number of the Update that must have come. */
  readonly sequence?: number;
}

/** Returns once so many Apps of the namespace are Ready, by a watch of the bench's own. */
export async function untilReady(client: KubeClient, namespace: string, wanted: Wanted): Promise<void> {
  const { count, mostMs, name, sequence = 1 } = wanted;
  const stop = new AbortController();
  const ready = new Set<string>();
  const { promise, resolve } = Promise.withResolvers<void>();
  startInformer<WatchedApp>({
    client,
    type: apps,
    namespace,
    ...(name === undefined ? {} : { fieldSelector: `metadata.name=${name}` }),
    signal: stop.signal,
    onError: () => undefined,
    onChange: (object) => {
      const done = Number(/-(\d+)$/.exec(object.status?.update ?? '')?.[1] ?? 0);
      const isReady =
        object.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
      if (isReady && done >= sequence) {
        ready.add(keyOf(object));
      }
      if (ready.size >= count) {
        resolve();
      }
    },
  });
  try {
    await Promise.race([
      promise,
      delay(mostMs, undefined, { ref: false }).then(() => explain(client, namespace, ready.size, count)),
    ]);
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

/** Eight at once, as many as a client has connections. */
export async function inParallel<T>(items: readonly T[], action: (item: T) => Promise<unknown>): Promise<void> {
  let next = 0;
  const take = async () => {
    for (let index = next++; index < items.length; index = next++) {
      await action(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: 8 }, take));
}

export async function timed(name: string, action: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await action();
  const ms = performance.now() - startedAt;
  say(`${name}: ${Math.round(ms)} ms`);
  return ms;
}

export function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
