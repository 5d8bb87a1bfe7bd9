import { expect, test } from 'vitest';
import type { ChannelIndex } from '../../core/channel/channel-index.ts';
import { decodeChannelIndex, encodeChannelIndex } from './channel-index.ts';

const index: ChannelIndex = {
  channel: 'stable',
  root: 2,
  rollout: {
    points: [
      { afterMs: 0, share: 0.1 },
      { afterMs: 10, share: 1 },
    ],
    canary: { group: 'a', durationMs: 5 },
    paused: true,
  },
  releases: [
    {
      name: 'r1',
      sequence: 1,
      publishedAt: new Date('2030-01-01T00:00:00Z'),
      barrier: true,
      withdrawn: { reason: 'bad' },
      requires: { headgate: '>=1', kubernetes: '>=1.30' },
      soakedForMs: 60_000,
    },
  ],
};

test('an index is written and read without a loss', () => {
  expect(decodeChannelIndex(JSON.parse(JSON.stringify(encodeChannelIndex(index))))).toEqual(index);
});

const wire = encodeChannelIndex(index);

test.each<{ changed: object; says: string }>([
  { changed: { schema: 2 }, says: 'it has schema 2, and this Headgate knows 1; update Headgate' },
  { changed: { schema: 'x' }, says: 'schema "x"' },
  { changed: { releases: [...wire.releases, ...wire.releases] }, says: 'two have the same sequence' },
  {
    changed: {
      rollout: {
        points: [
          { afterMs: 5, share: 0 },
          { afterMs: 1, share: 1 },
        ],
      },
    },
    says: 'they have to ascend',
  },
  { changed: { rollout: { points: [] } }, says: 'rollout.points' },
  { changed: { root: 0 }, says: 'root 0' },
  {
    changed: { releases: [{ name: '../x', sequence: 1, publishedAt: '2030-01-01T00:00:00Z' }] },
    says: 'releases[0].name',
  },
])('refused: $says', ({ changed, says }) => {
  expect(() => decodeChannelIndex({ ...wire, ...changed })).toThrow(says);
});
