/** Headgate is killed at the lines of an Update that concern data; whoever comes next finishes it once, with every row. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobs } from '../src/kube/resource-types.ts';
import { waitUntil } from '../test/cluster/wait-until.ts';
import { hireWarden, type Warden } from '../test/cluster/warden.ts';
import type { Death } from '../test/headgate/death.ts';
import { startHeadgate } from '../test/headgate/headgate.ts';
import { followShop, openShop } from '../test/headgate/shop.ts';
import { stepsOf, untilUpdate } from '../test/headgate/sight.ts';
import { openStage } from '../test/headgate/stage.ts';

const program = fileURLToPath(new URL('../test/headgate/mortal-headgate.ts', import.meta.url));

let warden: Warden;

beforeAll(async () => {
  warden = await hireWarden();
});

afterAll(() => warden.dismiss());

const write = (name: string, count = 1): Death => ({ kind: 'write', write: name, count });

describe.concurrent('a version that destroys a table, and Headgate is killed', () => {
  test.for<[string, Death]>([
    ['before it starts the backup', write('create jobs')],
    ['before it writes down that the backup is complete', write('journal Applying')],
    ['before it starts to bring the data back', write('create jobs', 2)],
    ['before it lets the App run again', write('patch deployments', 4)],
  ])('%s', async ([, death], context) => {
    const stage = await openStage(context, 'data-killed');
    const shop = await openShop(stage);
    const rows = await shop.rows();
    await shop.push('2.0.0', 'destroys');
    await followShop(stage, shop);
    const child = warden.start({
      name: stage.namespace,
      program: process.execPath,
      arguments: [program, stage.kubeconfigPath, stage.namespace, JSON.stringify(death)],
    });
    stage.atEnd(() => child.stop('SIGKILL'));
    try {
      await waitUntil('Headgate has killed itself', 120_000, async () => child.ending !== undefined);
    } catch (error) {
      throw new Error(await readFile(child.logPath, 'utf8'), { cause: error });
    }
    expect(child.ending).toBe('signal SIGKILL');

    startHeadgate(stage);
    const update = await untilUpdate(stage, 'shop-1', { phases: ['RolledBack'], deadlineMs: 150_000 });

    expect(await shop.rows()).toBe(rows);
    expect(stepsOf(update)).toEqual([
      ...['Plan Done', 'Backup Done', 'Apply Done', 'Watch Failed', 'RollBack Done', 'VerifyRollback Done'],
    ]);
    expect(update.status?.stopped).toBeUndefined();
    expect((await stage.client.list(jobs, { namespace: stage.namespace })).items).toHaveLength(2);
  });
});
