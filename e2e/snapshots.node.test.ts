/** A real database on a CSI volume: kept by VolumeSnapshots before each version, and back with every row after one that destroys a table. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test, vi } from 'vitest';
import { type ProductObject, updates } from '../src/adapters/cluster/kinds.ts';
import {
  type ClaimObject,
  claims,
  type SnapshotObject,
  snapshots,
  type VolumeObject,
  volumes,
} from '../src/adapters/cluster/volume-objects.ts';
import type { UpdateObjectWire } from '../src/resources/update/decode-update.ts';
import { folderClass } from '../test/cluster/volume-programs.ts';
import { headgate } from '../test/headgate/command-line.ts';
import { startHeadgate } from '../test/headgate/headgate.ts';
import { followShop, openShop } from '../test/headgate/shop.ts';
import { imagesOf, rejectionsIn, untilObject, untilUpdate } from '../test/headgate/sight.ts';
import { openStage } from '../test/headgate/stage.ts';

// Two Updates of a database, each with volumes that are copied.
vi.setConfig({ testTimeout: 600_000 });

const backup = { snapshots: { className: folderClass }, scaleDown: true, timeout: '3m' } as const;

test('a version that destroys a table goes back, with every row, on a new volume', async (context) => {
  const stage = await openStage(context, 'snapshots');
  const shop = await openShop(stage, folderClass);
  const { namespace, client } = stage;
  await shop.push('2.0.0', 'second');
  await followShop(stage, shop, { backup: { ...backup, keep: 1 } });
  startHeadgate(stage);

  const good = await untilUpdate(stage, 'shop-1', { phases: ['Succeeded'], deadlineMs: 300_000 });

  expect(good.status?.checkpoint).toMatchObject({
    ...{ kind: 'Snapshots', state: 'Completed', sizeBytes: 2 ** 30 },
    volumes: [{ claim: 'data', snapshot: expect.stringMatching(/^data-shop-1-[0-9a-f]{10}$/) }],
  });
  const second = await shop.rows();
  const before = await client.get<ClaimObject>(claims, { namespace, name: 'data' });

  await shop.push('3.0.0', 'destroys');
  const bad = await untilUpdate(stage, 'shop-2', { phases: ['RolledBack'], deadlineMs: 300_000 });

  expect(await shop.rows()).toBe(second);
  expect(bad.status?.dataRestore).toMatchObject({ state: 'Done', volumes: [{ claim: 'data' }] });
  expect(bad.status?.stopped).toBeUndefined();
  expect(await imagesOf(stage, undefined, 'shop')).toMatchObject({ shop: expect.stringContaining(':2.0.0@') });
  expect(await rejectionsIn(stage)).toMatchObject([{ tag: '3.0.0' }]);
  // The broken volume has a claim of its own, and both are deleted again only with their claims.
  const [swapped] = bad.status?.dataRestore?.volumes ?? [];
  expect(swapped?.brokenVolume).toBe(before.spec.volumeName);
  const now = await client.get<ClaimObject>(claims, { namespace, name: 'data' });
  expect(now.spec.volumeName).toBe(swapped?.newVolume);
  const broken = await client.get<ClaimObject>(claims, { namespace, name: swapped?.brokenClaim ?? '' });
  expect([broken.status?.phase, broken.spec.volumeName]).toEqual(['Bound', before.spec.volumeName]);
  for (const name of [swapped?.brokenVolume ?? '', swapped?.newVolume ?? '']) {
    const volume = await client.get<VolumeObject>(volumes, { namespace: '', name });
    expect(volume.spec.persistentVolumeReclaimPolicy).toBe('Delete');
  }
  // As many snapshots as asked for.
  await untilObject<ProductObject & { readonly status?: UpdateObjectWire['status'] }>(stage, updates, {
    ...{ what: 'the first checkpoint is dropped', name: 'shop-1', deadlineMs: 120_000 },
    matches: ({ status }) => status?.checkpoint?.state === 'Dropped',
  });
  const { items } = await client.list<SnapshotObject>(snapshots, { namespace });
  const kept = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  expect(kept.map(({ metadata }) => metadata.name)).toEqual([expect.stringMatching(/^data-shop-2-/)]);
});

describe.concurrent('nothing is touched', () => {
  test('where there is no VolumeSnapshotClass', async (context) => {
    const stage = await openStage(context, 'no-class');
    const shop = await openShop(stage, folderClass);
    const rows = await shop.rows();
    await shop.push('2.0.0', 'second');
    await followShop(stage, shop, { backup: { snapshots: {}, scaleDown: true } });
    startHeadgate(stage);

    const update = await untilUpdate(stage, 'shop-1', { phases: ['Failed'], deadlineMs: 300_000 });

    expect(update.status?.failure).toMatchObject({
      reason: 'CheckpointFailed',
      message: expect.stringMatching(
        /PersistentVolumeClaim .*\/data: no VolumeSnapshotClass is the default of folders\.csi\.headgate\.test; .* there are: folders; name one in spec\.backup\.snapshots\.className/,
      ),
      blamesVersion: false,
    });
    expect(await shop.rows()).toBe(rows);
    expect(await imagesOf(stage, undefined, 'shop')).toEqual({ shop: shop.image });
  });

  test('where the claim is too small for what comes back; a larger one is taken by hand', async (context) => {
    const stage = await openStage(context, 'small-claim');
    const { namespace, client } = stage;
    const shop = await openShop(stage, folderClass);
    const rows = await shop.rows();
    await shop.push('2.0.0', 'second');
    await followShop(stage, shop, { backup, rollback: { data: 'Ask', required: true } });
    startHeadgate(stage);
    const good = await untilUpdate(stage, 'shop-1', { phases: ['Succeeded'], deadlineMs: 300_000 });
    const snapshot = good.status?.checkpoint?.volumes?.[0]?.snapshot ?? '';
    // A driver may say so after the fact: the status is its own.
    const say = async (restoreSize: string) =>
      await client.patch<SnapshotObject>(
        snapshots,
        { namespace, name: snapshot },
        { kind: 'merge', body: { status: { restoreSize } } },
        { subresource: 'status' },
      );
    await say('2Gi');

    await headgate(stage, 'restore', 'shop', '--to', 'shop-1');

    const failed = await untilUpdate(stage, 'shop-2', { phases: ['Failed'], deadlineMs: 300_000 });
    expect(failed.status?.dataRestore).toMatchObject({
      state: 'Failed',
      message: expect.stringMatching(
        /data: it asks for 1Gi, and VolumeSnapshot data-shop-1-\w+ needs a volume of 2147483648 bytes at least; enlarge the claim; nothing was stopped/,
      ),
    });
    expect(await imagesOf(stage, undefined, 'shop')).toMatchObject({ shop: expect.stringContaining(':2.0.0@') });
    await shop.untilServing();

    await say('1Gi');
    const { code } = await headgate(stage, 'restore', 'shop', '--to', 'shop-1');
    expect(code).toBe(0);
    await untilUpdate(stage, 'shop-3', { phases: ['Succeeded'], deadlineMs: 300_000 });
    expect(await shop.rows()).toBe(rows);
  });
});

describe.concurrent('commands in the pods', () => {
  const note = (word: string) => ({ command: ['/bin/sh', '-c', `echo ${word} >> /data/hooks`] });

  test('run before and after the data is kept', async (context) => {
    const stage = await openStage(context, 'hooks');
    const shop = await openShop(stage, folderClass);
    await shop.push('2.0.0', 'second');
    const hooks = { before: [note('before')], after: [note('after')] };
    await followShop(stage, shop, { backup: { snapshots: { className: folderClass }, hooks } });
    startHeadgate(stage);

    const update = await untilUpdate(stage, 'shop-1', { phases: ['Succeeded'], deadlineMs: 300_000 });

    expect(update.status?.checkpoint).toMatchObject({ state: 'Completed', quiesce: 'Lifted' });
    const folders = join(inject('nodeDirectory'), 'csi-folders');
    const [{ snapshot = '' } = {}] = update.status?.checkpoint?.volumes ?? [];
    const claim = await stage.client.get<ClaimObject>(claims, { namespace: stage.namespace, name: 'data' });
    const { uid } = (await stage.client.get<SnapshotObject>(snapshots, { namespace: stage.namespace, name: snapshot }))
      .metadata;
    const written = (...path: readonly string[]) => readFileSync(join(folders, ...path, 'hooks'), 'utf8');
    expect(written('snapshots', `snapshot-${uid}`)).toBe('before\n');
    expect(written('volumes', claim.spec.volumeName ?? '')).toBe('before\nafter\n');
  });

  test('that fail end the Update with what they wrote, and those after run all the same', async (context) => {
    const stage = await openStage(context, 'bad-hooks');
    const shop = await openShop(stage, folderClass);
    await shop.push('2.0.0', 'second');
    const hooks = { before: [{ command: ['/bin/sh', '-c', 'echo no way >&2; exit 3'] }], after: [note('after')] };
    await followShop(stage, shop, { backup: { snapshots: { className: folderClass }, hooks } });
    startHeadgate(stage);

    const update = await untilUpdate(stage, 'shop-1', { phases: ['Failed'], deadlineMs: 300_000 });

    expect(update.status?.failure).toMatchObject({
      reason: 'CheckpointFailed',
      message: expect.stringMatching(/spec\.backup\.hooks\.before: \/bin\/sh in Pod shop-\S+: exit code 3: no way/),
    });
    expect(update.status?.checkpoint).toMatchObject({ state: 'Failed', quiesce: 'Lifted' });
    const claim = await stage.client.get<ClaimObject>(claims, { namespace: stage.namespace, name: 'data' });
    const file = join(inject('nodeDirectory'), 'csi-folders', 'volumes', claim.spec.volumeName ?? '', 'hooks');
    expect(readFileSync(file, 'utf8')).toBe('after\n');
    expect(await imagesOf(stage, undefined, 'shop')).toEqual({ shop: shop.image });
  });
});
