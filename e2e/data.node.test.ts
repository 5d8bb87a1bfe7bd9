/** A real database in a pod: a version that changes its schema, one that destroys a table and crashes, and every row back. */
import { expect, test } from 'vitest';
import { jobs } from '../src/kube/resource-types.ts';
import { startHeadgate } from '../test/headgate/headgate.ts';
import { followShop, openShop } from '../test/headgate/shop.ts';
import { imagesOf, rejectionsIn, untilUpdate } from '../test/headgate/sight.ts';
import { openStage } from '../test/headgate/stage.ts';

test('a version that destroys a table goes back, with every row', async (context) => {
  const stage = await openStage(context, 'data');
  const shop = await openShop(stage);
  const first = await shop.rows();
  expect(first).toMatch(/^customers 200 [0-9a-f]{32}\norders 2000 [0-9a-f]{32}$/);
  await shop.push('2.0.0', 'second');
  await followShop(stage, shop);
  startHeadgate(stage);

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
