/** One shop that takes a version which destroys a table, while something breaks at a moment of the Update. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pushImage } from '../../scripts/oci/push.ts';
import { apps, type ProductObject, updates } from '../../src/adapters/cluster/kinds.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { deployments, namespaces } from '../../src/kube/resource-types.ts';
import { decodeUpdate, type UpdateObjectWire } from '../../src/resources/decode-update.ts';
import type { ClusterWithNode } from '../../test/cluster/node.ts';
import { waitUntil } from '../../test/cluster/wait-until.ts';
import type { RunningProcess, Warden } from '../../test/cluster/warden.ts';
import { makeShopImage } from '../../test/images/shop-image.ts';
import { makeClaim, runShop, shopBackup } from '../../test/images/shop-objects.ts';
import { readRows } from '../../test/images/shop-rows.ts';

export interface FaultStage {
  readonly cluster: ClusterWithNode;
  readonly client: KubeClient;
  readonly warden: Warden;
  readonly kubectl: string;
}

/** Phases of an Update at which something breaks. */
export const moments = ['BackingUp', 'Watching', 'RollingBack', 'VerifyingRollback'] as const;

export type Moment = (typeof moments)[number];

export interface Controller {
  /** SIGKILL, and another one in its place. */
  replace(): Promise<void>;
  stop(): Promise<void>;
}

export interface Outcome {
  readonly phase: string;
  readonly rows: 'equal' | 'other';
  /** All steps closed, nothing left stopped, the image that there was. */
  readonly whole: boolean;
  /** From the moment to the end. */
  readonly seconds: number;
  /** The phase was seen before it had passed. */
  readonly caught: boolean;
}

const deadlineMs = 240_000;

interface Anything extends KubeObject {
  readonly spec?: object;
}

/** Tells what became of it; throws when the Update does not end. */
export async function breakShop(
  stage: FaultStage,
  namespace: string,
  moment: Moment,
  fault: (controller: Controller) => Promise<void>,
): Promise<Outcome> {
  const { client, cluster } = stage;
  const folder = join(cluster.directory, namespace);
  mkdirSync(folder);
  const image = await openShop(stage, namespace, folder);
  const before = await rowsOf(stage, namespace);
  const controller = await startController(stage, namespace);
  try {
    await follow(stage, namespace, image);
    const seen = await untilPhase(stage, namespace, (phase) => phase === moment || hasEnded(phase));
    const startedAt = performance.now();
    await fault(controller);
    const update = await untilPhase(stage, namespace, hasEnded);
    const seconds = (performance.now() - startedAt) / 1_000;
    await untilServed(stage, namespace);
    const after = await rowsOf(stage, namespace);
    const whole = isWhole(update) && (await imageOf(stage, namespace)) === image;
    const phase = update.status?.phase ?? 'Pending';
    return { phase, rows: after === before ? 'equal' : 'other', whole, seconds, caught: seen.status?.phase === moment };
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

/** One good version and one that destroys a table, for all shops. */
export async function pushShops({ cluster }: FaultStage): Promise<void> {
  for (const [tag, migration] of [['1.0.0', 'first'] as const, ['2.0.0', 'destroys'] as const]) {
    const target = { host: cluster.registry, repository: 'shop', tag, insecure: true };
    await pushImage(await makeShopImage(tag, migration), target);
  }
}

async function follow({ client, cluster }: FaultStage, namespace: string, image: string): Promise<void> {
  const repository = `${cluster.registry}/shop`;
  await client.create<ProductObject>(apps, {
    metadata: { namespace, name: 'shop' },
    spec: {
      interval: '5s',
      sources: [{ name: 'shop', image: { repository, insecure: true, policy: { semver: { range: '>=1.0.0' } } } }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'shop' }] } },
      health: { timeout: '120s', stableFor: '5s' },
      backup: shopBackup(image),
      rollback: { data: 'OnFailure', required: true },
    },
  });
}

/** `headgate controller` in a process of its own. */
async function startController({ warden, cluster }: FaultStage, namespace: string): Promise<Controller> {
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

/** The API server may be away meanwhile. */
async function untilPhase(
  { client }: FaultStage,
  namespace: string,
  matches: (phase: string) => boolean,
): Promise<UpdateObjectWire> {
  let found: UpdateObjectWire | undefined;
  await waitUntil(`an Update of ${namespace} is where it must be`, deadlineMs, async () => {
    const object = await client.find<ProductObject>(updates, { namespace, name: 'shop-1' }).catch(() => undefined);
    found = object && decodeUpdate(object, 'Update shop-1');
    return found !== undefined && matches(found.status?.phase ?? 'Pending');
  });
  if (!found) {
    throw new Error(`the Update of ${namespace} is gone`);
  }
  return found;
}

function hasEnded(phase: string): boolean {
  return ['Succeeded', 'RolledBack', 'Superseded', 'Cancelled', 'Failed'].includes(phase);
}

function isWhole({ status }: UpdateObjectWire): boolean {
  return status?.stopped === undefined && (status?.steps ?? []).every(({ finishedAt }) => finishedAt !== undefined);
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

async function imageOf({ client }: FaultStage, namespace: string): Promise<string | undefined> {
  const { spec } = await client.get<DeploymentObject>(deployments, { namespace, name: 'shop' });
  return spec.template.spec.containers[0]?.image;
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
