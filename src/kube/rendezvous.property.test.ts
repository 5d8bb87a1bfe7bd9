import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ownerOf, shardOf } from './rendezvous.ts';

const shards = 64;
const members = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 9 });

function ownersBy(list: readonly string[]): (string | undefined)[] {
  return Array.from({ length: shards }, (_, shard) => ownerOf(shard, list));
}

describe('the owner of a shard', () => {
  test('is one of the members, whatever their order', () => {
    fc.assert(
      fc.property(members, (list) => {
        const owners = ownersBy(list);
        expect(owners.every((owner) => owner !== undefined && list.includes(owner))).toBe(true);
        expect(ownersBy(list.toReversed())).toEqual(owners);
      }),
    );
  });

  test('changes only where the one who goes had it', () => {
    fc.assert(
      fc.property(members, fc.nat(), (list, at) => {
        const gone = list[at % list.length];
        const before = ownersBy(list);
        const after = ownersBy(list.filter((one) => one !== gone));
        for (const [shard, owner] of before.entries()) {
          if (owner !== gone) {
            expect(after[shard]).toBe(owner);
          }
        }
      }),
    );
  });

  test('changes only to the one who comes', () => {
    fc.assert(
      fc.property(members, fc.string({ minLength: 13, maxLength: 20 }), (list, comer) => {
        const before = ownersBy(list);
        for (const [shard, owner] of ownersBy([...list, comer]).entries()) {
          expect([before[shard], comer]).toContain(owner);
        }
      }),
    );
  });

  test('is nobody where there is nobody', () => {
    expect(ownerOf(3, [])).toBeUndefined();
  });
});

test('three members share 64 shards about equally', () => {
  const counts = new Map<string, number>();
  for (let round = 0; round < 50; round += 1) {
    for (const owner of ownersBy([`a-${round}`, `b-${round}`, `c-${round}`])) {
      const who = owner?.slice(0, 1) ?? '';
      counts.set(who, (counts.get(who) ?? 0) + 1);
    }
  }
  const third = (50 * shards) / 3;
  for (const count of counts.values()) {
    expect(Math.abs(count - third) / third).toBeLessThan(0.1);
  }
});

test('keys fall evenly on shards, and always on the same', () => {
  const counts = new Array<number>(shards).fill(0);
  for (let at = 0; at < 6_400; at += 1) {
    const shard = shardOf(`namespace-${at % 80}/app-${at}`, shards);
    counts[shard] = (counts[shard] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(50);
  expect(Math.max(...counts)).toBeLessThan(160);
  expect(shardOf('shop/web', shards)).toBe(shardOf('shop/web', shards));
});
