/** Channels in what is no folder: a real S3 gateway, a real registry and a real git server, whose connections break where a test says. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { lifetimes, signal } from '../../../test/channels/channel-ground.ts';
import { type Backend, backends } from '../../../test/channels/store-backends.ts';
import { loginOf, nobody, openStoredChannel, type StoredChannel } from '../../../test/channels/stored-channel.ts';
import type { Break } from '../../../test/servers/weak-link.ts';
import { createChannelPublisher } from '../../adapters/channel/publisher.ts';

const first = { 'releases/index.json': 'index 1', 'releases/r1.json': 'r1', 'apps/web/chart-1.tgz': 'chart 1' };
const second = { ...first, 'releases/index.json': 'index 2', 'releases/r2.json': 'r2', 'apps/api/chart-1.tgz': 'api' };

let names = 0;

describe.each(backends)('a channel in $kind', { timeout: 240_000 }, ({ kind, start }) => {
  // An artifact has several requests for each file; each of them breaks in one of the ways.
  const waysOfEach = kind === 'oci' ? 1 : 4;
  let backend: Backend;
  let channel: StoredChannel;
  let name: string;

  beforeAll(async () => {
    backend = await start();
  }, 600_000);

  afterAll(() => backend.stop());

  const open = async () => {
    names += 1;
    name = `c${names}`;
    backend.link.breaks = undefined;
    channel = await openStoredChannel(backend.address(name, 'link'), backend.access);
    return channel;
  };

  afterEach(() => channel.stop());

  const cluster = () => channel.cluster(backend.address(name, 'direct'));

  test('what is published is read by its address, and what is published next', async () => {
    await open();
    const one = cluster();
    await channel.publish(first);
    expect(await one.index()).toBe('index 1');
    const view = await one.look();
    expect((await view.read('apps/web/chart-1.tgz', 100, signal)).toString()).toBe('chart 1');
    await channel.publish(second);
    expect(await one.index()).toBe('index 2');
    expect(await cluster().index()).toBe('index 2');
    expect(await channel.publish(second)).toMatchObject({ changed: false });
  });

  test('what nothing names any more is taken away, and what is published stays', async () => {
    await open();
    for (let at = 1; at <= 12; at += 1) {
      await channel.publish({ 'releases/index.json': `index ${at}` });
    }
    const files = await channel.store().list(signal);
    expect(files.filter((path) => path.includes('.snapshot.'))).toHaveLength(10);
    expect(await cluster().index()).toBe('index 12');
  });

  test('wherever the connection breaks, at each write before, halfway and after it, and where the store is full, the old or the new channel is there whole', async () => {
    await open();
    await channel.publish(first);
    backend.link.writes = 0;
    const broken: string[] = [];
    // Each turn goes on where the broken one before ended.
    for (let turn = 1; turn <= 200; turn += 1) {
      const how = (['before', 'half', 'after', 'full'] as const)[turn % 4] ?? 'before';
      const breaks: Break = { at: Math.ceil(turn / waysOfEach), how };
      const files = { ...second, 'releases/index.json': `index ${turn + 1}` };
      backend.link.writes = 0;
      backend.link.breaks = breaks;
      const ended = await channel.publish(files).then(
        () => 'published',
        (error: unknown) => {
          expect(error).toMatchObject({ code: 'CHANNEL_STORE_UNUSABLE' });
          return 'broken';
        },
      );
      const reached = backend.link.writes >= breaks.at;
      backend.link.breaks = undefined;
      if (!reached) {
        break;
      }
      broken.push(`${how} ${breaks.at}`);
      const seen = await cluster().index();
      expect([`index ${turn}`, `index ${turn + 1}`], `${how} write ${breaks.at}: ${ended}`).toContain(seen);
      const view = await cluster().look();
      expect((await view.read('apps/web/chart-1.tgz', 100, signal)).toString()).toBe('chart 1');
      await channel.publish(files);
      expect(await cluster().index(), 'the next time it goes on').toBe(`index ${turn + 1}`);
    }
    expect(broken.length).toBeGreaterThanOrEqual(4);
  });

  test('credentials that are refused are said, and nothing is lost', async () => {
    await open();
    await channel.publish(first);
    const strangers = backend.strangers ?? nobody;
    const theirs = await openStoredChannel(backend.address(`${name}x`, 'direct'), strangers).catch(
      (error: unknown) => error,
    );
    expect(theirs).toMatchObject({ code: 'CHANNEL_STORE_UNUSABLE' });
    const denied = channel.cluster(backend.address(name, 'direct'), strangers);
    await expect(denied.look()).rejects.toMatchObject({ code: 'CHANNEL_UNREACHABLE' });
    const missing = channel.cluster(backend.address(name, 'direct'), loginOf({ something: 'else' }));
    await expect(missing.look()).rejects.toMatchObject({
      message: expect.stringMatching(/no entry|answers 40|credentials are missing/),
    });
    expect(await cluster().index()).toBe('index 1');
  });

  test('a file that was added for a Release to come is kept', async () => {
    await open();
    const publisher = createChannelPublisher({ ...channel, store: channel.store(), lifetimes });
    const mark = await publisher.addFile('apps/web/chart-9.tgz', Buffer.from('chart 9'), signal);
    await channel.publish(first);
    const files = new Map(Object.entries(second).map(([path, text]) => [path, Buffer.from(text)]));
    const added = new Map([['apps/web/chart-9.tgz', mark]]);
    await publisher.publish(() => ({ files, added, graph: {} }), signal);
    const view = await cluster().look();
    expect((await view.read('apps/web/chart-9.tgz', 100, signal)).toString()).toBe('chart 9');
  });
});
