import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  type ChannelGround,
  lifetimes,
  openChannelGround,
  planFor,
  signal,
} from '../../../test/channels/channel-ground.ts';
import { digest } from '../../../test/fixtures.ts';
import { newestRoot } from '../../adapters/channel/published.ts';
import { createChannelPublisher } from '../../adapters/channel/publisher.ts';
import { makeRoot, publishRoot } from '../../adapters/channel/root-ceremony.ts';
import type { Release } from '../../core/channel/release.ts';
import { composeContent } from '../channel/compose-content.ts';
import { readChannel, readRelease } from './channel-memory.ts';

let ground: ChannelGround;

beforeEach(async () => {
  ground = await openChannelGround();
});

afterEach(() => ground.stop());

const release = (sequence: number, changed: Partial<Release> = {}): Release => ({
  ...{ name: `r${sequence}`, channel: 'stable', sequence, previous: undefined, notes: undefined },
  ...{ barrier: false, deadEnds: [], links: [], changes: [], soakedForMs: 0, targets: [] },
  createdAt: new Date('2030-01-01T00:00:00Z'),
  requires: { headgate: undefined, kubernetes: undefined },
  apps: [
    {
      ...{ name: 'web', namespace: 'hub', definition: '{}' },
      versions: [
        {
          source: 'image',
          kind: 'Image',
          location: 'ghcr.io/org/web',
          tag: '1',
          digest: digest('a'),
          target: undefined,
        },
      ],
    },
  ],
  ...changed,
});

const publish = (releases: readonly Release[], channel = 'stable') => {
  const rollout = { points: [{ afterMs: 0, share: 1 }], canary: undefined, paused: false };
  const composition = { channel, releases, deadEnds: [], rollout, retention: 20, now: ground.clock.now() };
  return createChannelPublisher({ ...ground, lifetimes }).publish((now) => composeContent(composition, now), signal);
};

test('what did not change is not read again', async () => {
  await publish([release(1)]);
  const client = ground.client();
  const known = await readChannel(await client.look(), undefined, new Date(), signal);
  await readRelease(known, 'r1', signal);
  const mark = ground.server.requests.length;
  const again = await readChannel(await client.look(), known, new Date(), signal);
  expect(again.index).toBe(known.index);
  await readRelease(again, 'r1', signal);
  expect(ground.server.requests.slice(mark).map(({ path }) => path)).toEqual(['/2.root.json', '/timestamp.json']);
});

test('when a Release was published first stays as it was, and a barrier stays longer than others', async () => {
  await publish([release(1, { barrier: true })]);
  await ground.clock.advance(3_600_000);
  await publish(Array.from({ length: 30 }, (_, at) => release(at + 1, { barrier: at === 0 })));
  const { index } = await readChannel(await ground.client().look(), undefined, new Date(), signal);
  expect(index.releases.map(({ name }) => name)).toEqual([
    'r1',
    ...Array.from({ length: 20 }, (_, at) => `r${at + 11}`),
  ]);
  const [first, second] = index.releases;
  expect(Number(second?.publishedAt) - Number(first?.publishedAt)).toBe(3_600_000);
});

test('a root that is withheld is seen by the index', async () => {
  const { metadata } = await newestRoot(ground.store, signal);
  const expires = new Date(ground.clock.now().getTime() + 86_400_000);
  const root = await makeRoot(planFor(ground.keys, expires), metadata, ground.keys.root, signal);
  await publishRoot(ground.store, root, metadata, signal);
  await publish([release(1)]);
  ground.lie = (path) => (path === '2.root.json' ? 'missing' : undefined);
  const view = await ground.client().look();
  await expect(readChannel(view, undefined, new Date(), signal)).rejects.toMatchObject({
    code: 'CHANNEL_UNTRUSTED',
    message: expect.stringContaining('tells of root 2'),
  });
});

test('a Release of another channel is not taken, though the same keys signed it', async () => {
  await publish([release(1, { channel: 'fast' })]);
  const known = await readChannel(await ground.client().look(), undefined, new Date(), signal);
  await expect(readRelease(known, 'r1', signal)).rejects.toMatchObject({ code: 'CHANNEL_INVALID' });
});

test('two channels do not share a folder', async () => {
  await publish([release(1)]);
  await expect(publish([release(1)], 'fast')).rejects.toThrow('what is published there is channel stable');
});
