import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type ChannelGround,
  contentOf,
  lifetimes,
  newKeyring,
  newSigner,
  openChannelGround,
  planFor,
  signal,
} from '../../../test/channels/channel-ground.ts';
import { OperationError } from '../../core/errors.ts';
import { newestRoot } from './published.ts';
import { createChannelPublisher } from './publisher.ts';
import { makeRoot, planOf, publishRoot, signRoot } from './root-ceremony.ts';
import type { ChannelStore } from './store.ts';

let ground: ChannelGround;

beforeEach(async () => {
  ground = await openChannelGround();
});

afterEach(() => ground.stop());

const first = { 'releases/index.json': 'index 1', 'releases/r1.json': 'r1', 'apps/web/chart-1.tgz': 'chart 1' };
const second = { ...first, 'releases/index.json': 'index 2', 'releases/r2.json': 'r2', 'apps/api/chart-1.tgz': 'api' };

test('what is published is read, and what is published next', async () => {
  const client = ground.client();
  await ground.publish(first);
  expect(await client.index()).toBe('index 1');
  const view = await client.look();
  expect((await view.read('apps/web/chart-1.tgz', 100, signal)).toString()).toBe('chart 1');
  await expect(view.read('apps/web/none', 100, signal)).rejects.toMatchObject({ code: 'CHANNEL_INVALID' });
  await expect(view.read('apps/web/chart-1.tgz', 3, signal)).rejects.toMatchObject({ code: 'CHANNEL_INVALID' });

  await ground.publish(second);
  expect(await client.index()).toBe('index 2');
});

test('a look at a channel where nothing is new asks for the next root and the timestamp alone, and is told 304', async () => {
  await ground.publish(first);
  const client = ground.client();
  await client.look();
  const mark = ground.server.requests.length;
  await client.look();
  expect(ground.server.requests.slice(mark).map(({ path }) => path)).toEqual(['/2.root.json', '/timestamp.json']);
});

test('nothing is written where all is as it shall be, and what would expire is signed anew', async () => {
  expect(await ground.publish(first)).toMatchObject({ changed: true, snapshot: 1 });
  const before = await ground.store.list(signal);
  expect(await ground.publish(first)).toMatchObject({ changed: false, snapshot: 1 });
  expect(await ground.store.list(signal)).toEqual(before);

  await ground.clock.advance(lifetimes.timestampMs / 2 + 1_000);
  const again = await ground.publish(first);
  expect(again).toMatchObject({ changed: true, snapshot: 1 });
  expect(again.expires.getTime()).toBeGreaterThan(ground.clock.now().getTime() + lifetimes.timestampMs - 2_000);
  await expect(ground.client().index()).resolves.toBe('index 1');

  await ground.clock.advance(lifetimes.targetsMs / 2);
  expect(await ground.publish(first)).toMatchObject({ changed: true, snapshot: 2 });
  await expect(ground.client().index()).resolves.toBe('index 1');
});

test('an App that left the channel has a role without files, because no role may vanish', async () => {
  await ground.publish(second);
  const client = ground.client();
  await client.look();
  await ground.publish(first);
  const view = await client.look();
  await expect(view.read('apps/api/chart-1.tgz', 100, signal)).rejects.toMatchObject({ code: 'CHANNEL_INVALID' });
});

test('files that nothing names any more are taken away in time, and what is published stays', async () => {
  for (let at = 1; at <= 14; at += 1) {
    await ground.publish({ 'releases/index.json': `index ${at}`, [`releases/r${at}.json`]: `r${at}` });
  }
  const files = await ground.store.list(signal);
  expect(files.filter((path) => path.includes('.snapshot.'))).toHaveLength(10);
  expect(files.filter((path) => path.includes('index.json'))).toHaveLength(10);
  expect(files).toContain('1.root.json');
  await expect(ground.client().index()).resolves.toBe('index 14');
});

test('a file that was added for a Release to come is not taken away by what is published before it', async () => {
  const publisher = createChannelPublisher({ ...ground, lifetimes });
  const mark = await publisher.addFile('apps/web/chart-9.tgz', Buffer.from('chart 9'), signal);
  for (let at = 1; at <= 12; at += 1) {
    await ground.publish({ 'releases/index.json': `index ${at}` });
  }
  const content = { ...contentOf(first), added: new Map([['apps/web/chart-9.tgz', mark]]) };
  await publisher.publish(() => content, signal);
  const view = await ground.client().look();
  expect((await view.read('apps/web/chart-9.tgz', 100, signal)).toString()).toBe('chart 9');
});

/** Fails at one write: before it, or after it. */
function breaking(store: ChannelStore, at: number, when: 'before' | 'after'): ChannelStore {
  let writes = 0;
  const breaks = async <T>(act: () => Promise<T>): Promise<T> => {
    writes += 1;
    if (writes === at && when === 'before') {
      throw new Error('no space left on device');
    }
    const done = await act();
    if (writes === at) {
      throw new Error('killed');
    }
    return done;
  };
  return {
    ...store,
    write: (...given) => breaks(() => store.write(...given)),
    create: (...given) => breaks(() => store.create(...given)),
  };
}

describe('wherever publishing ends, the channel is valid, and the next time it goes on', () => {
  const writesOfSecond = 10;
  const ends = Array.from({ length: writesOfSecond }, (_, at) => [
    { at: at + 1, when: 'before' as const },
    { at: at + 1, when: 'after' as const },
  ]).flat();

  test.each(ends)('$when write $at', async ({ at, when }) => {
    await ground.publish(first);
    const client = ground.client();
    await client.look();
    const store = breaking(ground.store, at, when);
    const publisher = createChannelPublisher({ store, keys: ground.keys, lifetimes, clock: ground.clock });

    await expect(publisher.publish(() => contentOf(second), signal)).rejects.toThrow();

    const seen = await client.index();
    expect(['index 1', 'index 2']).toContain(seen);
    const fresh = ground.client();
    expect(await fresh.index()).toBe(seen);
    const view = await fresh.look();
    expect((await view.read('apps/web/chart-1.tgz', 100, signal)).toString()).toBe('chart 1');

    await ground.publish(second);
    expect(await client.index()).toBe('index 2');
    expect(await fresh.index()).toBe('index 2');
  });

  test('and these are all writes there are', async () => {
    await ground.publish(first);
    let writes = 0;
    const write: ChannelStore['write'] = (...given) => {
      writes += 1;
      return ground.store.write(...given);
    };
    const create: ChannelStore['create'] = (...given) => {
      writes += 1;
      return ground.store.create(...given);
    };
    const publisher = createChannelPublisher({ ...ground, store: { ...ground.store, write, create }, lifetimes });
    await publisher.publish(() => contentOf(second), signal);
    expect(writes).toBe(writesOfSecond);
  });
});

test('a folder that cannot be written leaves what is there', async () => {
  await ground.publish(first);
  const failure = new OperationError('write: read-only file system', {
    code: 'CHANNEL_STORE_UNUSABLE',
    retry: 'backoff',
  });
  const store: ChannelStore = {
    ...ground.store,
    write: () => Promise.reject(failure),
    create: () => Promise.reject(failure),
  };
  const publisher = createChannelPublisher({ ...ground, store, lifetimes });
  await expect(publisher.publish(() => contentOf(second), signal)).rejects.toBe(failure);
  await expect(ground.client().index()).resolves.toBe('index 1');
});

test('more files in a role than clusters read are refused before anything is written', async () => {
  const many = Object.fromEntries(Array.from({ length: 301 }, (_, at) => [`apps/web/chart-${at}.tgz`, `${at}`]));
  await expect(ground.publish(many)).rejects.toMatchObject({ code: 'CHANNEL_FULL' });
});

describe('keys', () => {
  test.each(['targets', 'snapshot', 'timestamp'] as const)('another key of %s signs nothing', async (role) => {
    await expect(ground.publish(first, { ...ground.keys, [role]: [newSigner()] })).rejects.toMatchObject({
      code: 'KEY_UNUSABLE',
    });
    await expect(ground.store.read('timestamp.json', signal)).resolves.toBeUndefined();
  });

  test('all may be changed; clients follow from root to root', async () => {
    await ground.publish(first);
    const old = ground.client();
    await old.look();
    let keys = ground.keys;
    for (let turn = 0; turn < 3; turn += 1) {
      const next = newKeyring();
      const { metadata } = await newestRoot(ground.store, signal);
      const expires = new Date(ground.clock.now().getTime() + 86_400_000);
      const root = await makeRoot(planFor(next, expires), metadata, [...keys.root, ...next.root], signal);
      await publishRoot(ground.store, root, metadata, signal);
      keys = next;
    }
    await expect(ground.publish(second)).rejects.toMatchObject({ code: 'KEY_UNUSABLE' });
    await ground.publish(second, keys);
    await expect(old.index()).resolves.toBe('index 2');
    expect((await ground.client().look()).root).toBe(4);
  });

  test('a root needs enough people, who may sign one after the other', async () => {
    const { metadata } = await newestRoot(ground.store, signal);
    const [one, other] = ground.keys.root;
    const plan = { ...planOf(metadata), expires: new Date(ground.clock.now().getTime() + 86_400_000) };
    const root = await makeRoot(plan, metadata, one ? [one] : [], signal);
    await expect(publishRoot(ground.store, root, metadata, signal)).rejects.toMatchObject({ code: 'KEY_UNUSABLE' });
    const signed = await signRoot(root.bytes, other ?? newSigner(), signal);
    await publishRoot(ground.store, signed, metadata, signal);
    expect((await newestRoot(ground.store, signal)).metadata.signed.version).toBe(2);
  });

  test('a root of another version, or by strangers, is not published', async () => {
    const { metadata } = await newestRoot(ground.store, signal);
    const plan = planFor(ground.keys, new Date(ground.clock.now().getTime() + 86_400_000));
    const again = await makeRoot(plan, undefined, ground.keys.root, signal);
    await expect(publishRoot(ground.store, again, metadata, signal)).rejects.toMatchObject({ code: 'CHANNEL_INVALID' });
    const strangers = newKeyring();
    const theirs = await makeRoot(planFor(strangers, plan.expires), metadata, strangers.root, signal);
    await expect(publishRoot(ground.store, theirs, metadata, signal)).rejects.toMatchObject({ code: 'KEY_UNUSABLE' });
    const few = makeRoot(planFor(ground.keys, plan.expires, 3), metadata, ground.keys.root, signal);
    await expect(few).rejects.toMatchObject({ code: 'KEY_UNUSABLE' });
  });
});
