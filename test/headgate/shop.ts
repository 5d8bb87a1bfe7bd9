/** Stories about a shop with a real database: what its rows are, asked in its pod. */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { pushImage } from '../../scripts/oci/push.ts';
import { apps, type ProductObject } from '../../src/adapters/cluster/kinds.ts';
import { deployments } from '../../src/kube/resource-types.ts';
import type { AppSpecWire } from '../../src/resources/app/app.ts';
import { makeShopImage, type ShopMigration } from '../images/shop-image.ts';
import { claimFrom, makeClaim, runShop, type ShopPlace, shopBackup, volumes } from '../images/shop-objects.ts';
import { readRows } from '../images/shop-rows.ts';
import { type DeploymentObject, sourceOf } from './objects.ts';
import { untilObject } from './sight.ts';
import type { Stage } from './stage.ts';

export interface Shop {
  readonly place: ShopPlace;
  readonly image: string;
  push(version: string, migration: ShopMigration): Promise<string>;
  /** One line for each table; the same lines mean the same rows. */
  rows(): Promise<string>;
  untilServing(): Promise<void>;
}

/**
 * Shop 1.0.0 runs on a claim of its own, with 2,200 rows in two tables.
 *
 * @param storageClass of the claim; without one the claims `data` and `backup` are folders that no driver looks after
 */
export async function openShop(stage: Stage, storageClass?: string): Promise<Shop> {
  const folder = join(inject('nodeDirectory'), `shop-${randomBytes(3).toString('hex')}`);
  const place = { client: stage.client, namespace: stage.namespace, folder };
  stage.atEnd(async () => {
    for (const name of storageClass === undefined ? ['data', 'backup'] : []) {
      await stage.client.delete(volumes, { namespace: '', name: `${stage.namespace}-${name}` });
    }
    rmSync(folder, { recursive: true, force: true });
  });
  const host = inject('registry');
  const repository = `${stage.namespace}/shop`;
  const push = async (tag: string, migration: ShopMigration) =>
    await pushImage(await makeShopImage(tag, migration), { host, repository, tag, insecure: true });
  const untilServing = async () => {
    await untilObject<DeploymentObject>(stage, deployments, {
      what: 'the shop is served',
      name: 'shop',
      deadlineMs: 150_000,
      matches: ({ status }) => status?.availableReplicas === 1 && status.updatedReplicas === 1,
    });
  };
  const { kubeconfigPath, namespace, programs } = stage;
  const rows = () => readRows({ kubectl: programs.kubectl, kubeconfigPath, namespace });
  await push('1.0.0', 'first');
  if (storageClass === undefined) {
    await makeClaim(place, 'data');
    await makeClaim(place, 'backup');
  } else {
    await claimFrom(place, { name: 'data', storageClassName: storageClass });
  }
  const image = `${host}/${repository}:1.0.0`;
  await runShop(place, image);
  await untilServing();
  return { place, image, push, untilServing, rows };
}

/** Makes App `shop`: any newer version, checked every 5 s, its data kept first and brought back with it. */
export async function followShop(stage: Stage, shop: Shop, fields: Partial<AppSpecWire> = {}): Promise<void> {
  await stage.client.create<ProductObject>(apps, {
    metadata: { name: 'shop', namespace: stage.namespace },
    spec: {
      interval: '5s',
      sources: [sourceOf(stage.repository('shop'), { name: 'shop', policy: { semver: { range: '>=1.0.0' } } })],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'shop' }] } },
      health: { timeout: '60s', stableFor: '1s' },
      backup: shopBackup(shop.image),
      rollback: { data: 'OnFailure', required: true },
      ...fields,
    },
  });
}
