/** A real database in a pod: a version that changes its schema, one that destroys a table and crashes, and every row back. */
import { describe, expect, test } from 'vitest';
import { apps } from '../src/adapters/cluster/kinds.ts';
import type { KubeObject } from '../src/kube/objects.ts';
import { events, jobs } from '../src/kube/resource-types.ts';
import { giveRight, kubeconfigOfChart } from '../test/headgate/chart-rights.ts';
import { headgate } from '../test/headgate/command-line.ts';
import { startHeadgate } from '../test/headgate/headgate.ts';
import { followShop, openShop } from '../test/headgate/shop.ts';
import { imagesOf, rejectionsIn, untilApp, untilObject, untilUpdate } from '../test/headgate/sight.ts';
import { openStage } from '../test/headgate/stage.ts';
import { shopBackup } from '../test/images/shop-objects.ts';

interface EventObject extends KubeObject {
  readonly reason?: string;
  readonly note?: string;
  readonly regarding?: { readonly kind?: string };
}

/** As the guide has it where an App names no ServiceAccount: Jobs are made with Headgate's own rights. */
const rights = [
  'backups=true',
  ...['apiGroups[0]=batch', 'resources[0]=jobs', 'verbs[0]=create'].map((part) => `extraRules[0].${part}`),
];

test('a version that destroys a table goes back, with every row', async (context) => {
  const stage = await openStage(context, 'data');
  const shop = await openShop(stage);
  const first = await shop.rows();
  expect(first).toMatch(/^customers 200 [0-9a-f]{32}\norders 2000 [0-9a-f]{32}$/);
  await shop.push('2.0.0', 'second');
  await followShop(stage, shop);
  startHeadgate(stage, undefined, { kubeconfig: await kubeconfigOfChart(stage, rights) });

  const good = await untilUpdate(stage, 'shop-1', { phases: ['Succeeded'], deadlineMs: 120_000 });

  expect(good.status?.checkpoint).toMatchObject({ state: 'Completed', sizeBytes: expect.any(Number), id: 'shop-1' });
  const second = await shop.rows();
  expect(second).not.toBe(first);

  await shop.push('3.0.0', 'destroys');
  const bad = await untilUpdate(stage, 'shop-2', { phases: ['RolledBack'], deadlineMs: 120_000 });

  expect(await shop.rows()).toBe(second);
  expect(bad.status).toMatchObject({
    checkpoint: { state: 'Completed', id: 'shop-2' },
    dataRestore: { state: 'Done', message: 'the broken database is in broken-shop-2 of the same volume' },
  });
  expect(bad.status?.stopped).toBeUndefined();
  expect(await imagesOf(stage, undefined, 'shop')).toMatchObject({ shop: expect.stringContaining(':2.0.0@') });
  expect(await rejectionsIn(stage)).toMatchObject([{ tag: '3.0.0' }]);
  const { items } = await stage.client.list(jobs, { namespace: stage.namespace });
  expect(items).toHaveLength(3);
});

test('a right that is missing is told by an Event on the Update, and once it is given the Update goes on', async (context) => {
  const stage = await openStage(context, 'data-rights');
  const shop = await openShop(stage);
  await shop.push('2.0.0', 'second');
  await followShop(stage, shop);
  startHeadgate(stage, undefined, { kubeconfig: await kubeconfigOfChart(stage, ['backups=true']) });

  const told = await untilObject<EventObject>(stage, events, {
    what: 'the Update tells that a pass failed',
    matches: ({ reason, regarding }) => reason === 'PassFailed' && regarding?.kind === 'Update',
  });

  expect(told.note).toContain('cannot create resource "jobs"');
  await giveRight(stage, 'create', 'jobs.batch');
  await untilUpdate(stage, 'shop-1', { phases: ['Succeeded'], deadlineMs: 120_000 });
});

describe.concurrent('where there is no room', () => {
  /** A folder in memory of so many bytes, in place of a claim. */
  const small = (name: string, sizeLimit: string) => ({ name, emptyDir: { medium: 'Memory', sizeLimit } });

  test('for the backup, the disk is full and nothing is changed', async (context) => {
    const stage = await openStage(context, 'data-full');
    const shop = await openShop(stage);
    const rows = await shop.rows();
    await shop.push('2.0.0', 'second');
    await followShop(stage, shop, { backup: shopBackup(shop.image, {}, { backup: small('backup', '8Ki') }) });
    startHeadgate(stage, undefined, { kubeconfig: await kubeconfigOfChart(stage, rights) });

    const update = await untilUpdate(stage, 'shop-1', { phases: ['Failed'], deadlineMs: 120_000 });

    expect(update.status?.failure).toMatchObject({
      reason: 'CheckpointFailed',
      message: expect.stringContaining('No space left on device'),
      blamesVersion: false,
    });
    expect(await shop.rows()).toBe(rows);
    expect(await imagesOf(stage, undefined, 'shop')).toEqual({ shop: shop.image });
  });

  test('for what comes back, the App stays stopped, and the record says what is where', async (context) => {
    const stage = await openStage(context, 'data-small');
    const shop = await openShop(stage);
    const rows = await shop.rows();
    await shop.push('2.0.0', 'destroys');
    await followShop(stage, shop, { backup: shopBackup(shop.image, {}, { data: small('data', '4Mi') }) });
    startHeadgate(stage, undefined, { kubeconfig: await kubeconfigOfChart(stage, rights) });

    const update = await untilUpdate(stage, 'shop-1', { phases: ['Failed'], deadlineMs: 170_000 });

    expect(update.status?.steps?.at(-1)?.message).toMatch(
      /data of checkpoint shop-1 is not back: after 3 attempts: .*No space left on device.*Deployment\/shop \(had 1\) stay scaled to zero/s,
    );
    await untilApp(stage, { name: 'shop', reason: 'Person' });

    await stage.client.patch(
      apps,
      { namespace: stage.namespace, name: 'shop' },
      {
        kind: 'merge',
        body: { spec: { backup: shopBackup(shop.image) } },
      },
    );
    const { code, out } = await headgate(stage, 'restore', 'shop', '--to', 'shop-1');
    expect([code, out]).toEqual([0, 'Update shop-2 goes back to before shop-1, with the data; rejected: nothing\n']);
    await untilUpdate(stage, 'shop-2', { phases: ['Succeeded'], deadlineMs: 120_000 });
    expect(await shop.rows()).toBe(rows);
  });
});
