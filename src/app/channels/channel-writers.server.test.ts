/** Two that write one channel at once, in each kind of store: neither loses what the other published, also where one of them is killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, watch, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { contentOf, lifetimes, signal } from '../../../test/channels/channel-ground.ts';
import { type Backend, backends } from '../../../test/channels/store-backends.ts';
import { nobody, openStoredChannel, type StoredChannel } from '../../../test/channels/stored-channel.ts';
import { digest } from '../../../test/fixtures.ts';
import { newestRoot } from '../../adapters/channel/published.ts';
import { createChannelPublisher } from '../../adapters/channel/publisher.ts';
import { makeRoot, planOf, publishRoot } from '../../adapters/channel/root-ceremony.ts';
import type { Publication } from '../../engine/ports/channel-publisher.ts';
import { createChannelServer } from '../../server/channel.ts';
import { collectStore } from './channel-releases.ts';
import { openChannelStore, type StoreAccess } from './channel-stores.ts';

type Opened = Pick<StoredChannel, 'keys' | 'clock' | 'tools'>;

/** One of those who write, in a process of its own as far as its files go. */
interface Writer {
  /** Adds a Release to what is there. */
  add(release: string): Promise<Publication>;
  store(): ReturnType<StoredChannel['store']>;
}

const indexOf = (text: string | undefined) => (text ?? '').split(',').filter((name) => name !== '');

function writerOf(channel: Opened, address: string, access: StoreAccess, folder: string): Writer {
  const tools = { ...channel.tools, git: { ...channel.tools.git, privateFolder: folder } };
  const store = () => openChannelStore(tools, address, access);
  const add = (release: string) =>
    createChannelPublisher({ store: store(), keys: channel.keys, lifetimes, clock: channel.clock }).publish((now) => {
      const names = indexOf(now.index && Buffer.from(now.index).toString());
      const all = [...new Set([...names, release])].toSorted();
      const files = all.map((name): [string, string] => [`releases/${name}.json`, name]);
      return contentOf({ 'releases/index.json': all.join(','), ...Object.fromEntries(files) });
    }, signal);
  return { add, store };
}

type Place = Omit<Backend, 'link' | 'strangers'> & { readonly link: Backend['link'] | undefined };

const folderBackend = async (): Promise<Place> => {
  const root = await mkdtemp(join(tmpdir(), 'channel-writers-'));
  return {
    ...{ access: nobody, link: undefined },
    address: (name) => join(root, name),
    stop: () => rm(root, { recursive: true, force: true }),
  };
};

const stores = [{ kind: 'folder', start: folderBackend }, ...backends] as const;

describe.each(stores)('a channel in $kind', { timeout: 300_000 }, ({ kind, start }) => {
  let backend: Place;
  let channel: StoredChannel;
  let top: string;
  let name = 0;

  beforeAll(async () => {
    backend = await start();
  }, 600_000);

  afterAll(() => backend.stop());

  beforeEach(async () => {
    name += 1;
    top = await mkdtemp(join(tmpdir(), 'writers-'));
    channel = await openStoredChannel(backend.address(`w${name}`, 'direct'), backend.access);
  });

  afterEach(async () => {
    await channel.stop();
    await rm(top, { recursive: true, force: true });
  });

  const writer = (who: string, by: 'link' | 'direct' = 'direct') =>
    writerOf(channel, backend.address(`w${name}`, by), backend.access, join(top, who));
  const published = async () => {
    const cluster = channel.cluster(kind === 'folder' ? `file://${backend.address(`w${name}`, 'direct')}/` : undefined);
    const view = await cluster.look();
    const names = indexOf((await view.read('releases/index.json', 65_536, signal)).toString());
    for (const one of names) {
      expect((await view.read(`releases/${one}.json`, 100, signal)).toString()).toBe(one);
    }
    return names;
  };

  test('what both publish at once is there afterwards, round after round', async () => {
    const [hub, person] = [writer('hub'), writer('person')];
    const expected: string[] = [];
    for (let round = 1; round <= 6; round += 1) {
      const both = [`hub${round}`, `person${round}`];
      const ends = await Promise.allSettled([hub.add(`hub${round}`), person.add(`person${round}`)]);
      ends.forEach((end, at) => {
        if (end.status === 'fulfilled') {
          expected.push(both[at] ?? '');
        } else {
          expect(String(end.reason)).toContain('somebody else wrote it meanwhile');
        }
      });
      expect(await published()).toEqual(expect.arrayContaining(expected));
    }
    expect(expected.length).toBeGreaterThanOrEqual(6);
  });

  test('a key ceremony and a person who tidies up do not spoil what is published meanwhile', async () => {
    const hub = writer('hub');
    await hub.add('r0');
    for (let round = 1; round <= 3; round += 1) {
      const store = writer('person').store();
      const { metadata } = await newestRoot(store, signal);
      const root = await makeRoot(planOf(metadata), metadata, channel.keys.root, signal);
      const ends = await Promise.allSettled([
        hub.add(`r${round}`),
        publishRoot(store, root, metadata, signal),
        collectStore(writer('tidy').store(), 10, signal),
      ]);
      for (const end of ends.filter(({ status }) => status === 'rejected')) {
        expect(end).toMatchObject({ reason: { code: 'CHANNEL_CONFLICT' } });
      }
      await hub.add(`r${round}`);
      expect(await published()).toEqual(Array.from({ length: round + 1 }, (_, at) => `r${at}`));
    }
  });

  test('of two roots at once one is published, and the other is told', async () => {
    const ceremony = async (who: string) => {
      const store = writer(who).store();
      const { metadata } = await newestRoot(store, signal);
      const expires = new Date(channel.clock.now().getTime() + (who === 'one' ? 1 : 2) * 86_400_000);
      const root = await makeRoot({ ...planOf(metadata), expires }, metadata, channel.keys.root, signal);
      return () => publishRoot(store, root, metadata, signal);
    };
    const both = [await ceremony('one'), await ceremony('two')];
    const ends = await Promise.allSettled(both.map((publishIt) => publishIt()));
    expect(ends.filter(({ status }) => status === 'rejected')).toEqual([
      expect.objectContaining({ reason: expect.objectContaining({ code: 'CHANNEL_CONFLICT' }) }),
    ]);
    await writer('hub').add('r1');
    expect(await published()).toEqual(['r1']);
  });

  test.runIf(kind !== 'folder')(
    'one whose connection ends in the middle of it loses nothing of the other',
    async () => {
      const [weak, other] = [writer('weak', 'link'), writer('other')];
      const expected: string[] = [];
      for (let at = 1; at <= 8; at += 1) {
        const how = (['before', 'half', 'after'] as const)[at % 3] ?? 'before';
        const { link } = backend;
        Object.assign(link ?? {}, { writes: 0, breaks: { at, how } });
        const [, end] = await Promise.allSettled([weak.add(`weak${at}`), other.add(`other${at}`)]);
        Object.assign(link ?? {}, { breaks: undefined });
        expect(end).toMatchObject({ status: 'fulfilled' });
        expected.push(`other${at}`);
        expect(await published(), `${how} write ${at}`).toEqual(expect.arrayContaining(expected));
        await weak.add(`weak${at}`);
        expected.push(`weak${at}`);
        expect(await published()).toEqual(expected.toSorted());
      }
    },
  );
});

describe('a folder', { timeout: 300_000 }, () => {
  let top: string;
  let server: FastifyInstance;
  let origin: string;
  const at = (path: string) => join(top, path);
  const main = fileURLToPath(new URL('../../main.ts', import.meta.url));

  beforeEach(async () => {
    top = await mkdtemp(join(tmpdir(), 'killed-writers-'));
    server = createChannelServer({ folder: top });
    origin = await server.listen({ host: '127.0.0.1', port: 0 });
  });

  afterEach(async () => {
    await server.close();
    await rm(top, { recursive: true, force: true });
  });

  const begin = (...words: readonly string[]) =>
    spawn(process.execPath, [main, 'channel', ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const run = async (...words: readonly string[]) => {
    const child = begin(...words);
    let text = '';
    child.stdout.on('data', (part: Buffer) => (text += part.toString()));
    child.stderr.on('data', (part: Buffer) => (text += part.toString()));
    const [code] = await once(child, 'close');
    return { code, text };
  };
  /** When so many files have got their names in the folder. */
  const killAt = async (child: ChildProcess, writes: number, until: AbortSignal): Promise<void> => {
    let count = 0;
    for await (const { filename } of watch(at('stable'), { recursive: true, signal: until })) {
      count += filename?.includes('.unfinished-') ? 0 : 1;
      if (count >= writes) {
        child.kill('SIGKILL');
      }
    }
  };
  const own = () => ['--store', at('stable'), '--keys', at('keys')];

  async function releaseFile(name: string, sequence: number): Promise<string> {
    const version = { source: 'image', kind: 'Image', location: 'ghcr.io/org/web', tag: `1.${sequence}.0` };
    const versions = [{ ...version, digest: digest(String(sequence)) }];
    const apps = [{ name: 'web', namespace: 'hub', definition: '{}', versions }];
    const spec = { channel: 'stable', sequence, createdAt: '2030-01-01T00:00:00Z', apps };
    await writeFile(at(`${name}.json`), JSON.stringify({ metadata: { name }, spec }));
    return at(`${name}.json`);
  }

  test('the command line, twice at once, one of them killed at each of its writes', async () => {
    await run('init', ...own());
    for (let writes = 1; writes <= 9; writes += 1) {
      const [killed, other] = [`killed${writes}`, `other${writes}`];
      const file = await releaseFile(killed, 2 * writes - 1);
      const child = begin('publish', ...own(), '--release', file);
      const end = once(child, 'close');
      const seen = new AbortController();
      const killing = killAt(child, writes, seen.signal).catch(() => undefined);
      const second = await run('publish', ...own(), '--release', await releaseFile(other, 2 * writes));
      expect(second).toEqual({ code: 0, text: expect.stringContaining('published') });
      await end;
      seen.abort();
      await killing;
      expect(await run('publish', ...own(), '--release', file)).toMatchObject({ code: 0 });
      const root = ['--root', at('stable/1.root.json'), '--allow-outbound', '127.0.0.0/8'];
      const verified = await run('verify', `${origin}/stable/`, ...root);
      expect(verified.text).toMatch(new RegExp(`^${killed} `, 'm'));
      expect(verified.text).toMatch(new RegExp(`^${other} `, 'm'));
      expect(verified.text.match(/^(killed|other)\d+ /gm)).toHaveLength(2 * writes);
    }
  });
});
