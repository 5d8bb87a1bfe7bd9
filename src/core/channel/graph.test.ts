import { expect, test } from 'vitest';
import type { IndexEntry } from './channel-index.ts';
import { graphOf } from './graph.ts';

const entry = (sequence: number, changed: Partial<IndexEntry> = {}): IndexEntry => ({
  name: `r${sequence}`,
  sequence,
  publishedAt: new Date('2030-01-01T00:00:00Z'),
  barrier: false,
  withdrawn: undefined,
  requires: { headgate: undefined, kubernetes: undefined },
  soakedForMs: 0,
  ...changed,
});

const graph = (releases: readonly IndexEntry[]) =>
  graphOf(
    {
      channel: 'stable',
      root: 1,
      rollout: { points: [], canary: undefined, paused: false },
      releases,
    },
    (name) => `releases/${name}.json`,
  );

test.each([
  {
    title: 'each leads to all newer',
    releases: [entry(1), entry(2), entry(3)],
    edges: [
      [0, 1],
      [0, 2],
      [1, 2],
    ],
  },
  {
    title: 'up to a barrier',
    releases: [entry(1), entry(2, { barrier: true }), entry(3)],
    edges: [
      [0, 1],
      [1, 2],
    ],
  },
  {
    title: 'to none that was withdrawn, and away from it',
    releases: [entry(1), entry(2, { withdrawn: { reason: 'bad' } }), entry(3)],
    edges: [
      [0, 2],
      [1, 2],
    ],
  },
])('$title', ({ releases, edges }) => {
  expect(graph(releases).edges).toEqual(edges);
});

test('a node says what Cincinnati says of one', () => {
  const { nodes, version } = graph([entry(1, { barrier: true, withdrawn: { reason: 'bad' } })]);
  expect(version).toBe(1);
  expect(nodes).toEqual([
    {
      version: 'r1',
      payload: 'releases/r1.json',
      metadata: {
        'dev.headgate.channel.name': 'stable',
        'dev.headgate.channel.sequence': '1',
        'dev.headgate.channel.published': '2030-01-01T00:00:00.000Z',
        'dev.headgate.channel.barrier': 'true',
        'dev.headgate.channel.deadend': 'true',
        'dev.headgate.channel.deadend_reason': 'bad',
      },
    },
  ]);
});
