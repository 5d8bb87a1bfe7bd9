/** The story of a database: a version that changes its schema, then one that destroys a table and crashes, and every row comes back. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apps, type ProductObject } from '../../src/adapters/cluster/kinds.ts';
import { startInformer } from '../../src/kube/informer.ts';
import type { KubeObject, ResourceType } from '../../src/kube/objects.ts';
import { deployments, namespaces, serviceAccounts } from '../../src/kube/resource-types.ts';
import type { UpdateObjectWire } from '../../src/resources/update/decode-update.ts';
import { locateTools } from '../../test/cluster/binaries.ts';
import { makeShopImage, type ShopMigration } from '../../test/images/shop-image.ts';
import { makeClaim, runShop, shopBackup } from '../../test/images/shop-objects.ts';
import { readRows } from '../../test/images/shop-rows.ts';
import { pushImage } from '../oci/push.ts';
import { headgate, installHeadgate } from './install.ts';
import type { Stage } from './stage.ts';
import { expectUpdate } from './watch-update.ts';

const namespace = 'demo';
const deadlineMs = 120_000;

interface Anything extends KubeObject {
  readonly spec?: object;
}

/** Tells it; every line was seen on the cluster, and whatever is not as it should be throws. */
export async function tellDataStory(stage: Stage, say: (text: string) => void): Promise<void> {
  // Claims on folders of the node: only our own cluster's node is this machine.
  const folder = join(tmpdir(), `headgate-shop-${randomBytes(4).toString('hex')}`);
  try {
    await installHeadgate(stage, say, ['backups=true']);
    const image = await openShop(stage, folder);
    say('shop 1.0.0 runs: PostgreSQL in a pod, its data on a claim');
    const first = await rowsOf(stage);
    sayRows(say, first);
    await follow(stage, image);
    say('App shop is made: any newer version, a dump before each Update, rollback.data: OnFailure');
    await push(stage, '2.0.0', 'second');
    say('shop 2.0.0 is pushed (its migration adds a column)');
    await expectUpdate(stage.client, {
      namespace,
      tag: '2.0.0',
      phase: 'Succeeded',
      deadlineMs,
      onPhase: phaseTo(say),
    });
    const second = await rowsOf(stage);
    assert.notEqual(second, first, 'the migration must have changed the rows');
    sayRows(say, second);
    await push(stage, '3.0.0', 'destroys');
    say('shop 3.0.0 is pushed (its migration drops a table, then it crashes)');
    const bad = await expectUpdate(stage.client, {
      ...{ namespace, tag: '3.0.0', phase: 'RolledBack' as const, deadlineMs, onPhase: phaseTo(say) },
    });
    sayRestored(say, bad);
    const last = await rowsOf(stage);
    sayRows(say, last);
    assert.equal(last, second, 'every row must be back');
    say('every row is back');
    console.log(`\n$ headgate history shop\n${await headgate(stage, namespace, 'history', 'shop')}`);
  } finally {
    await emptyFolder(stage, folder);
  }
}

async function openShop(stage: Stage, folder: string): Promise<string> {
  const place = { client: stage.client, namespace, folder };
  await push(stage, '1.0.0', 'first');
  await stage.client.create(namespaces, { metadata: { name: namespace } });
  await allowJobs(stage);
  await makeClaim(place, 'data');
  await makeClaim(place, 'backup');
  const image = `${stage.registry}/shop:1.0.0`;
  await runShop(place, image);
  await untilReplicas(stage, 1);
  return image;
}

/** ServiceAccount `backup` may start Jobs, and nothing else; in its name Headgate does. */
async function allowJobs({ client }: Stage): Promise<void> {
  const metadata = { namespace, name: 'backup' };
  const roles = rbac('Role', 'roles');
  const roleBindings = rbac('RoleBinding', 'rolebindings');
  const rules = [{ apiGroups: ['batch'], resources: ['jobs'], verbs: ['create'] }];
  const roleRef = { apiGroup: roles.group, kind: 'Role', name: 'backup' };
  const subjects = [{ kind: 'ServiceAccount', namespace, name: 'backup' }];
  await client.create(serviceAccounts, { metadata });
  await client.create<Anything & { readonly rules: object }>(roles, { metadata, rules });
  await client.create<Anything & { readonly roleRef: object; readonly subjects: object }>(roleBindings, {
    ...{ metadata, roleRef, subjects },
  });
}

function rbac(kind: string, plural: string): ResourceType {
  return { group: 'rbac.authorization.k8s.io', version: 'v1', kind, plural, namespaced: true };
}

async function follow({ client, registry }: Stage, image: string): Promise<void> {
  const source = { repository: `${registry}/shop`, insecure: true, policy: { semver: { range: '>=1.0.0' } } };
  await client.create<ProductObject>(apps, {
    metadata: { namespace, name: 'shop' },
    spec: {
      interval: '5s',
      sources: [{ name: 'shop', image: source }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'shop' }] } },
      health: { timeout: '60s', stableFor: '3s' },
      backup: shopBackup(image, { serviceAccountName: 'backup' }),
      rollback: { data: 'OnFailure', required: true },
    },
  });
}

async function push({ registry }: Stage, version: string, migration: ShopMigration): Promise<void> {
  const target = { host: registry, repository: 'shop', tag: version, insecure: true };
  await pushImage(await makeShopImage(version, migration), target);
}

async function rowsOf({ kubeconfigPath }: Stage): Promise<string> {
  const { kubectl } = await locateTools(['kubectl']);
  return await readRows({ kubectl, kubeconfigPath, namespace });
}

function sayRows(say: (text: string) => void, rows: string): void {
  for (const line of rows.split('\n')) {
    say(`  rows: ${line}`);
  }
}

function sayRestored(say: (text: string) => void, { status }: UpdateObjectWire): void {
  const { checkpoint, dataRestore } = status ?? {};
  assert.equal(dataRestore?.state, 'Done', 'the record must say that the data is back');
  say(
    `checkpoint ${checkpoint?.id}: ${checkpoint?.sizeBytes} bytes in ${checkpoint?.durationSeconds} s; ${dataRestore?.message}`,
  );
}

function phaseTo(say: (text: string) => void) {
  return ({ metadata, status }: UpdateObjectWire): void => {
    const note = status?.phase === 'RollingBack' ? ` because of ${status.failure?.message}` : '';
    say(`  ${metadata.name}: ${status?.phase ?? 'Pending'}${note}`);
  };
}

interface Replicated extends KubeObject {
  readonly status?: { readonly availableReplicas?: number; readonly replicas?: number };
}

async function untilReplicas({ client }: Stage, count: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = new AbortController();
  const deadline = setTimeout(
    () => reject(new Error(`the shop is not served within ${deadlineMs / 1_000} s`)),
    deadlineMs,
  );
  startInformer<Replicated>({
    ...{ client, type: deployments, namespace, signal: stop.signal, onError: reject },
    onChange: ({ status }) => (status?.availableReplicas === count ? resolve() : undefined),
  });
  try {
    await promise;
  } finally {
    clearTimeout(deadline);
    stop.abort();
  }
}

/** The pod must have let go of it: a server that ends writes once more. */
async function emptyFolder({ client }: Stage, folder: string): Promise<void> {
  const patch = { kind: 'merge', body: { spec: { replicas: 0 } } } as const;
  await client.patch(deployments, { namespace, name: 'shop' }, patch).catch(() => undefined);
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 500 });
}
