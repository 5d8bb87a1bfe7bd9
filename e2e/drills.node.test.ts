/** A real database brought back beside itself from VolumeSnapshots: the copy has the rows of the checkpoint, and the shop serves on. */
import { expect, test, vi } from 'vitest';
import {
  claims,
  type SnapshotContentObject,
  snapshotContents,
  snapshots,
  type VolumeObject,
  volumes,
} from '../src/adapters/cluster/volume-objects.ts';
import type { KubeObject } from '../src/kube/objects.ts';
import { deployments, namespaces, services } from '../src/kube/resource-types.ts';
import type { DrillStatusWire } from '../src/resources/checkpoint/drill.ts';
import { folderClass } from '../test/cluster/volume-programs.ts';
import { waitUntil } from '../test/cluster/wait-until.ts';
import { headgate } from '../test/headgate/command-line.ts';
import { startHeadgate } from '../test/headgate/headgate.ts';
import { followShop, openShop } from '../test/headgate/shop.ts';
import { untilUpdate } from '../test/headgate/sight.ts';
import { openStage } from '../test/headgate/stage.ts';
import { readRows } from '../test/images/shop-rows.ts';

// An Update of a database and two copies of it.
vi.setConfig({ testTimeout: 600_000 });

test('the rows of a drill are those of the checkpoint, and nothing of the shop is touched', async (context) => {
  const stage = await openStage(context, 'drill');
  const shop = await openShop(stage, folderClass);
  const { namespace, client, kubeconfigPath, programs } = stage;
  const kept = await shop.rows();
  await shop.push('2.0.0', 'second');
  const asks = { name: 'main', image: shop.image, command: ['/bin/sh', '-c', 'pg_isready --host=shop'] };
  await followShop(stage, shop, {
    backup: { snapshots: { className: folderClass }, scaleDown: true, timeout: '3m' },
    tests: [{ name: 'answers', job: { template: { spec: { template: { spec: { containers: [asks] } } } } } }],
  });
  startHeadgate(stage);
  await untilUpdate(stage, 'shop-1', { phases: ['Succeeded'], deadlineMs: 300_000 });
  const served = await shop.rows();
  const everything = async () =>
    await Promise.all(
      [deployments, services, claims, snapshots].map(async (type) =>
        (await client.list<KubeObject>(type, { namespace })).items.map(({ metadata }) => [metadata.name, metadata.uid]),
      ),
    );
  const before = await everything();

  const looked = await headgate(stage, 'drill', 'shop', '--keep', '--output', 'json');

  expect(looked).toMatchObject({ code: 0 });
  const copy = JSON.parse(looked.out) as DrillStatusWire;
  expect(copy).toMatchObject({
    outcome: 'Passed',
    checkpoint: 'shop-1',
    tests: [{ name: 'answers', verdict: 'Pass' }],
  });
  expect(await readRows({ kubectl: programs.kubectl, kubeconfigPath, namespace: copy.namespace })).toBe(kept);
  // Whoever deletes the namespace deletes the copy alone, with what was made for it outside.
  await client.delete(namespaces, { namespace: '', name: copy.namespace });
  await untilNothingIsLeft(copy.namespace);

  const again = await headgate(stage, 'drill', 'shop', '--output', 'json');

  expect(again).toMatchObject({ code: 0 });
  await untilNothingIsLeft((JSON.parse(again.out) as DrillStatusWire).namespace);
  expect(await shop.rows()).toBe(served);
  expect(await everything()).toEqual(before);
  const [content] = await contentsOf(namespace);
  expect(content?.metadata.deletionTimestamp).toBeUndefined();

  async function contentsOf(of: string) {
    const { items } = await client.list<SnapshotContentObject>(snapshotContents);
    return items.filter(({ spec }) => spec.volumeSnapshotRef.namespace === of);
  }

  async function untilNothingIsLeft(name: string): Promise<void> {
    await waitUntil(`nothing is left of ${name}`, 120_000, async () => {
      const home = await client.find(namespaces, { namespace: '', name });
      const { items } = await client.list<VolumeObject>(volumes);
      const own = items.filter(({ spec }) => spec.claimRef?.namespace === name);
      return home === undefined && own.length + (await contentsOf(name)).length === 0;
    });
  }
});
