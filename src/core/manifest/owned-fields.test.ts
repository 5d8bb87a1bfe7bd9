import { describe, expect, test } from 'vitest';
import { contentHash } from './canonical.ts';
import { cutToOwned } from './owned-fields.ts';

const desired = {
  spec: { containers: [{ name: 'web', image: 'web:1', resources: { limits: { cpu: '1000m' } } }], args: ['a'] },
};

function live(containers: readonly unknown[], rest: object = {}) {
  return { spec: { containers, args: ['a'], replicas: 3, ...rest }, status: { ready: true } };
}

const web = { name: 'web', image: 'web:1', resources: { limits: { cpu: '1' } }, terminationMessagePath: '/dev/log' };

describe('our part of a live object', () => {
  const applied = contentHash(cutToOwned(desired, live([web])));

  test.each([
    { change: 'a default that the server filled in', now: live([web], { paused: false }), isSame: true },
    { change: 'the status', now: { ...live([web]), status: {} }, isSame: true },
    { change: 'replicas that are not ours', now: live([web], { replicas: 9 }), isSame: true },
    { change: 'a sidecar put in front', now: live([{ name: 'proxy', image: 'p' }, web]), isSame: true },
    { change: 'another image', now: live([{ ...web, image: 'web:2' }]), isSame: false },
    { change: 'a container that is gone', now: live([{ name: 'proxy' }]), isSame: false },
    { change: 'a longer plain list', now: live([web], { args: ['a', 'b'] }), isSame: false },
    { change: 'a field that is gone', now: { spec: { containers: [web] } }, isSame: false },
  ])('is the same after $change: $isSame', ({ now, isSame }) => {
    expect(contentHash(cutToOwned(desired, now)) === applied).toBe(isSame);
  });
});

test('equal content has one hash, whatever the order of its keys', () => {
  expect(contentHash({ b: [{ y: 1, x: 2 }], a: 1 })).toBe(contentHash({ a: 1, b: [{ x: 2, y: 1 }] }));
  expect(contentHash({ a: [1, 2] })).not.toBe(contentHash({ a: [2, 1] }));
});
