/** One shop that takes a version which destroys a table, while something breaks at a moment of the Update. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pushImage } from '../../scripts/oci/push.ts';
import { apps, type ProductObject, updates } from '../../src/adapters/cluster/kinds.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import { startInformer } from '../../src/kube/informer.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { deployments, namespaces } from '../../src/kube/resource-types.ts';
import { decodeUpdate, type UpdateObjectWire } from '../../src/resources/update/decode-update.ts';
import type { ClusterWithNode } from '../../test/cluster/node.ts';
import { waitUntil } from '../../test/cluster/wait-until.ts';
import type { RunningProcess, Warden } from '../../test/cluster/warden.ts';
import { makeShopImage } from '../../test/images/shop-image.ts';
import { makeClaim, runShop, shopBackup } from '../../test/images/shop-objects.ts';
import { readRows } from '../../test/images/shop-rows.ts';
import type { Moment, Outcome } from './cells.ts';

export interface FaultStage {
  readonly cluster: ClusterWithNode;
  readonly client: KubeClient;
  readonly warden: Warden;
  readonly kubectl: string;
  /** Of the good version. */
  readonly digest: string;
}

export interface Controller {
  /** SIGKILL, and another one in its place. */
  replace(): Promise<void>;
  stop(): Promise<void>;
}

const deadlineMs = 900_000;

interface Anything extends KubeObject {
  readonly spec?: object;
}

export interface Trial {
  readonly namespace: string;
  readonly moment: Moment;
  /** What breaks at the moment; nothing where the shop has its fault from the beginning. */
  readonly strike: (controller: Controller) => Promise<void>;
  /** There is no room for what is kept. */
  readonly hasFullDisk: boolean;
}

/** Tells what became of it; throws when the Update does not end. */
export async function breakShop(stage: FaultStage, trial: Trial): Promise<Outcome> {
  const { client, cluster } = stage;
  const { namespace, moment } = trial;
  const folder = join(cluster.directory, namespace);
  mkdirSync(folder);
  const image = await openShop(stage, namespace, folder);
  const before = await rowsOf(stage, namespace);
  const controller = await startController(stage, namespace);
  try {
    const reached = untilUpdate(stage, namespace, (phase) => phase === moment || hasEnded(phase));
    await follow(stage, trial, image);
    await reached;
    const startedAt = performance.now();
    await trial.strike(controller);
    const update = await untilUpdate(stage, namespace, hasEnded);
    const seconds = (performance.now() - startedAt) / 1_000;
    await untilServed(stage, namespace);
    const after = await rowsOf(stage, namespace);
    // Where the registry could not say what the tag means, what comes back is pinned to the digest that ran (docs/adr/0006).
    const former = [image, `${image}@${stage.digest}`];
    const lacks = [...lacksOf(update), ...otherImage(await imageOf(stage, namespace), former)];
    const phase = update.status?.phase ?? 'Pending';
    const rows = after === before ? 'equal' : 'other';
    return {
      phase,
      rows,
      lacks,
      seconds: Math.round(seconds),
      ...(phase === 'Failed' && { because: reasonOf(update) }),
    };
  } finally {
    await controller.stop();
    await client.delete(namespaces, { namespace: '', name: namespace });
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
  }
}

async function openShop(stage: FaultStage, namespace: string, folder: string): Promise<string> {
  await stage.client.create<Anything>(namespaces, { metadata: { name: namespace } });
  const place = { client: stage.client, namespace, folder };
  await makeClaim(place, 'data');
  await makeClaim(place, 'backup');
  const image = `${stage.cluster.registry}/shop:1.0.0`;
  await runShop(place, image);
  await untilServed(stage, namespace);
  return image;
}

/** One good version and one that destroys a table, for all shops. Answers the digest of the good one. */
export async function pushShops({ registry }: ClusterWithNode): Promise<string> {
  const target = (tag: string) => ({ host: registry, repository: 'shop', tag, insecure: true });
  await pushImage(await makeShopImage('2.0.0', 'destroys'), target('2.0.0'));
  return await pushImage(await makeShopImage('1.0.0', 'first'), target('1.0.0'));
}

async function follow(
  { client, cluster }: FaultStage,
  { namespace, hasFullDisk }: Trial,
  image: string,
): Promise<void> {
  const small = { name: 'backup', emptyDir: { medium: 'Memory', sizeLimit: '8Ki' } };
  const repository = `${cluster.registry}/shop`;
  await client.create<ProductObject>(apps, {
    metadata: { namespace, name: 'shop' },
    spec: {
      interval: '5s',
      sources: [{ name: 'shop', image: { repository, insecure: true, policy: { semver: { range: '>=1.0.0' } } } }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'shop' }] } },
      health: { timeout: '10m', stableFor: '5s' },
      backup: shopBackup(image, {}, hasFullDisk ? { backup: small } : {}),
      rollback: { data: 'OnFailure', required: true },
    },
  });
}

/** `headgate controller` in a process of its own. */
export async function startController({ warden, cluster }: FaultStage, namespace: string): Promise<Controller> {
  const start = (): RunningProcess =>
    warden.start({
      name: namespace,
      program: process.execPath,
      arguments: [
        ...[join(import.meta.dirname, '../../src/main.ts'), 'controller', '--no-leader-election'],
        ...['--kubeconfig', cluster.kubeconfigPath, '-n', namespace, '--listen', '127.0.0.1:0'],
      ],
    });
  let running = start();
  return {
    async replace() {
      await running.stop('SIGKILL');
      running = start();
    },
    stop: () => running.stop(),
  };
}

/** By watch, so that no phase is missed, however short it is. The API server may be away meanwhile. */
async function untilUpdate(
  { client }: FaultStage,
  namespace: string,
  matches: (phase: string) => boolean,
): Promise<UpdateObjectWire> {
  const { promise, resolve, reject } = Promise.withResolvers<UpdateObjectWire>();
  const stop = new AbortController();
  const giveUp = () => reject(new Error(`Update shop-1 of ${namespace} is not where it must be`));
  const timer = setTimeout(giveUp, deadlineMs);
  const onChange = (object: ProductObject) => {
    const update = decodeUpdate(object, 'Update shop-1');
    if (object.metadata.name === 'shop-1' && matches(update.status?.phase ?? 'Pending')) {
      resolve(update);
    }
  };
  const informer = startInformer<ProductObject>({
    ...{ client, type: updates, namespace, signal: stop.signal, onChange },
    onError: () => undefined,
  });
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    stop.abort();
    await informer.stopped;
  }
}

function hasEnded(phase: string): boolean {
  return ['Succeeded', 'RolledBack', 'Superseded', 'Cancelled', 'Failed'].includes(phase);
}

function reasonOf({ status }: UpdateObjectWire): string {
  return `${status?.failure?.reason}: ${status?.steps?.at(-1)?.message ?? ''}`.replaceAll(/[\n|]/g, ' ').slice(0, 200);
}

/** What of the record is not closed. */
function lacksOf({ status }: UpdateObjectWire): readonly string[] {
  const open = (status?.steps ?? []).filter(({ finishedAt }) => finishedAt === undefined);
  return [
    ...open.map(({ name }) => `step ${name} is open`),
    ...(status?.stopped ?? []).map(({ kind, name }) => `${kind} ${name} is said to be stopped`),
  ];
}

function otherImage(image: string, wanted: readonly string[]): readonly string[] {
  return wanted.includes(image) ? [] : [`${image} runs`];
}

interface DeploymentObject extends KubeObject {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
  readonly status?: { readonly availableReplicas?: number; readonly updatedReplicas?: number };
}

async function untilServed({ client }: FaultStage, namespace: string): Promise<void> {
  await waitUntil(`the shop of ${namespace} is served`, deadlineMs, async () => {
    const key = { namespace, name: 'shop' };
    const found = await client.find<DeploymentObject>(deployments, key).catch(() => undefined);
    return found?.status?.availableReplicas === 1 && found.status.updatedReplicas === 1;
  });
}

async function imageOf({ client }: FaultStage, namespace: string): Promise<string> {
  const { spec } = await client.get<DeploymentObject>(deployments, { namespace, name: 'shop' });
  return spec.template.spec.containers[0]?.image ?? 'nothing';
}

/** The kubelet that has to pass it on may be away, for this shop or for another. */
async function rowsOf({ kubectl, cluster }: FaultStage, namespace: string): Promise<string> {
  let rows: string | undefined;
  await waitUntil(`the rows of ${namespace} can be read`, deadlineMs, async () => {
    const asked = { kubectl, kubeconfigPath: cluster.kubeconfigPath, namespace };
    rows = await readRows(asked).catch(() => undefined);
    return rows !== undefined;
  });
  return rows ?? '';
}
