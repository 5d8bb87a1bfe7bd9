import { expect, test } from 'vitest';
import { losesClaims, usedClaims } from './used-claims.ts';
import { brokenClaimNameOf, newClaimNameOf, snapshotNameOf } from './volume-names.ts';

const mounting = (...claims: readonly string[]) => ({
  spec: { volumes: claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } })) },
});

test.each([
  ['a Deployment without volumes', { spec: { template: { spec: {} } } }, []],
  ['a Deployment, each claim once', { spec: { template: mounting('data', 'logs', 'data') } }, ['data', 'logs']],
  ['a CronJob', { spec: { jobTemplate: { spec: { template: mounting('data') } } } }, ['data']],
  [
    'a StatefulSet of two, which begins at 3',
    {
      metadata: { name: 'db' },
      spec: {
        replicas: 2,
        ordinals: { start: 3 },
        template: mounting('shared'),
        volumeClaimTemplates: [{ metadata: { name: 'data' } }],
      },
    },
    ['shared', 'data-db-3', 'data-db-4'],
  ],
  [
    'a StatefulSet that says nothing of replicas',
    { metadata: { name: 'db' }, spec: { volumeClaimTemplates: [{ metadata: { name: 'data' } }] } },
    ['data-db-0'],
  ],
  ['volumes that are no list', { spec: { template: { spec: { volumes: 'data' } } } }, []],
])('claims of %s', (_, workload, expected) => {
  expect(usedClaims(workload)).toEqual(expected);
});

test.each([
  ['Delete', true],
  ['Retain', false],
  [undefined, false],
])('a StatefulSet whose claims are, when it is scaled down: %s', (whenScaled, expected) => {
  expect(losesClaims({ spec: { persistentVolumeClaimRetentionPolicy: { whenScaled } } })).toBe(expected);
});

test('names fit, and tell apart what another object of the same name made', () => {
  const long = 'x'.repeat(253);
  const one = { name: 'shop-1', uid: 'a' };
  const again = { name: 'shop-1', uid: 'b' };
  for (const name of [snapshotNameOf(one, long), newClaimNameOf(long, long), brokenClaimNameOf(one, long)]) {
    expect(name.length).toBeLessThanOrEqual(253);
  }
  expect(snapshotNameOf(one, 'data')).toMatch(/^data-shop-1-[0-9a-f]{10}$/);
  expect(snapshotNameOf(one, 'data')).not.toBe(snapshotNameOf(again, 'data'));
  expect(brokenClaimNameOf(one, 'data')).not.toBe(brokenClaimNameOf(again, 'data'));
});
