import { expect, test } from 'vitest';
import { later, workload } from '../../../test/fixtures.ts';
import { type Claim, findConflict } from './claims.ts';

const web = workload();
const cron = workload({ kind: 'CronJob' });
const elsewhere = workload({ namespace: 'other' });

test.each<[string, Claim, readonly Claim[], string | undefined]>([
  ['nobody else', claim('b'), [], undefined],
  ['itself', claim('b'), [claim('b')], undefined],
  ['an older App', claim('b', 2), [claim('a', 1)], 'a'],
  ['an older App whose name comes later', claim('b', 2), [claim('c', 1)], 'c'],
  ['a newer App', claim('b', 1), [claim('a', 2)], undefined],
  ['made in the same second, the first name keeps it', claim('b', 1), [claim('a', 1)], 'a'],
  ['made in the same second, the first name is ours', claim('b', 1), [claim('c', 1)], undefined],
  ['an older App with another kind of that name', claim('b', 2), [claim('a', 1, [cron])], undefined],
  ['an older App with that name elsewhere', claim('b', 2), [claim('a', 1, [elsewhere])], undefined],
  ['a newer App of a person, where ours was made of annotations', claim('b', 1, [web], true), [claim('a', 2)], 'a'],
  [
    'an older App made of annotations, where ours is a person’s',
    claim('b', 2),
    [claim('a', 1, [web], true)],
    undefined,
  ],
  ['two made of annotations, the older', claim('b', 2, [web], true), [claim('a', 1, [web], true)], 'a'],
  ['two older Apps, one of them', claim('b', 3), [claim('a', 1, [cron]), claim('c', 2, [cron, web])], 'c'],
])('%s', (_, mine, others, keeper) => {
  const conflict = findConflict(mine, others);

  expect(conflict).toBe(
    keeper &&
      `spec.deploy.workloads.targets: Deployment demo/web belongs to App "${keeper}" already; narrow one of the two targets`,
  );
});

test('of several Apps that claim one workload exactly one keeps it', () => {
  const claims = [claim('c', 1), claim('a', 2), claim('b', 1), claim('d', 0)];

  const keepers = claims.filter((one) => findConflict(one, claims) === undefined);

  expect(keepers.map((one) => one.app)).toEqual(['d']);
});

function claim(app: string, createdAtMs = 0, workloads = [web], adopted = false): Claim {
  return { app, createdAt: later(createdAtMs), workloads, adopted };
}
