/** The attacks that TUF names (specification 1.0.34, section 1.5.2), each by a hostile server against the client that clusters run. */
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type ChannelClient,
  type ChannelGround,
  lifetimes,
  newKeyring,
  openChannelGround,
  planFor,
  signal,
} from '../../../test/channels/channel-ground.ts';
import { newestRoot } from './published.ts';
import { makeRoot, publishRoot } from './root-ceremony.ts';
import { type FileKind, sha256Of, signFile, timeText, type Unsigned } from './signed-file.ts';
import type { Signer } from './signer.ts';

let ground: ChannelGround;
let client: ChannelClient;

const first = { 'releases/index.json': 'index 1', 'releases/r1.json': 'r1', 'apps/web/chart-1.tgz': 'chart 1' };
const second = { ...first, 'releases/index.json': 'index 2', 'apps/web/chart-2.tgz': 'chart 2' };

/** All files as they are now. */
async function recorded(): Promise<ReadonlyMap<string, Buffer>> {
  const paths = await ground.store.list(signal);
  return new Map(paths.map((path) => [path, ground.file(path)]));
}

beforeEach(async () => {
  ground = await openChannelGround();
  client = ground.client();
  await ground.publish(first);
});

afterEach(() => ground.stop());

const forged = async (
  kind: FileKind,
  content: Omit<Unsigned, 'expires' | 'version'>,
  version: number,
  by: readonly Signer[],
) =>
  (await signFile(kind, { ...content, version, expires: timeText(new Date(Date.now() + 86_400_000)) }, by, signal))
    .bytes;

const untrusted = { code: 'CHANNEL_UNTRUSTED' };

describe('arbitrary content', () => {
  test.each(['timestamp.json', '1.snapshot.json', '1.targets.json', '1.releases.json', '2.root.json'])(
    'in place of %s is not taken',
    async (file) => {
      for (const bytes of ['{}', 'not json', '[]', '{"signed":{},"signatures":[]}', '']) {
        ground.lie = (path) => (path === file ? Buffer.from(bytes) : undefined);
        await expect(ground.client().look(), bytes).rejects.toMatchObject(untrusted);
      }
    },
  );

  test('in place of a file, also of the same length, is not taken', async () => {
    const view = await client.look();
    for (const bytes of ['CHART 1', 'chart 1 and more', 'c', '']) {
      ground.lie = (path) => (path.endsWith('chart-1.tgz') ? Buffer.from(bytes) : undefined);
      await expect(view.read('apps/web/chart-1.tgz', 100, signal), bytes).rejects.toThrow();
    }
  });

  test('signed by strangers is not taken', async () => {
    const strangers = newKeyring();
    const meta = { 'snapshot.json': { version: 9, length: 1, hashes: { sha256: sha256Of(Buffer.from('x')) } } };
    const bytes = await forged('timestamp', { meta }, 9, strangers.timestamp);
    ground.lie = (path) => (path === 'timestamp.json' ? bytes : undefined);
    await expect(client.look()).rejects.toMatchObject({ ...untrusted, message: expect.stringContaining('timestamp') });
  });
});

test('rollback: a client that has seen the new does not go back to the old, also after a restart', async () => {
  const old = await recorded();
  await ground.publish(second);
  expect(await client.index()).toBe('index 2');
  ground.lie = (path) => old.get(path) ?? 'missing';

  await expect(client.look()).rejects.toMatchObject(untrusted);
  await expect(ground.client(client.trusted()).look()).rejects.toMatchObject(untrusted);
  // The attack is one: somebody who has seen nothing has to believe it.
  await expect(ground.client().index()).resolves.toBe('index 1');
});

test('fast-forward: versions far ahead, by keys that were stolen, are left behind by a root with other keys', async () => {
  await client.look();
  const far = 2 ** 31;
  const snapshot = await forged('snapshot', { meta: { 'targets.json': { version: far } } }, far, ground.keys.snapshot);
  const meta = { 'snapshot.json': { version: far, length: snapshot.length, hashes: { sha256: sha256Of(snapshot) } } };
  const timestamp = await forged('timestamp', { meta }, far, ground.keys.timestamp);
  ground.lie = (path) => ({ 'timestamp.json': timestamp, [`${far}.snapshot.json`]: snapshot })[path];
  await expect(client.look()).rejects.toThrow();
  ground.lie = undefined;
  await expect(client.look(), 'what is honest looks old now').rejects.toMatchObject(untrusted);

  const next = { ...newKeyring(), root: ground.keys.root };
  const { metadata } = await newestRoot(ground.store, signal);
  const root = await makeRoot(planFor(next, new Date(Date.now() + 86_400_000)), metadata, next.root, signal);
  await publishRoot(ground.store, root, metadata, signal);
  await ground.publish(second, next);

  await expect(client.index()).resolves.toBe('index 2');
});

test('indefinite freeze: what is old is told so, nothing new is taken, and a new look mends it', async () => {
  await client.look();
  const old = await recorded();
  await ground.clock.advance(lifetimes.timestampMs + 60_000);
  await ground.publish(second);
  ground.lie = (path) => old.get(path) ?? 'missing';
  await expect(client.look()).rejects.toMatchObject({ code: 'CHANNEL_EXPIRED' });
  await expect(ground.client().look()).rejects.toMatchObject({ code: 'CHANNEL_EXPIRED' });

  ground.lie = undefined;
  await expect(client.index()).resolves.toBe('index 2');
});

test('where nothing is new two files are asked for and nothing is verified again, and yet each file is told once it expires', async () => {
  await client.look();
  const asked: string[] = [];
  ground.lie = (path) => void asked.push(path);
  const view = await client.look();
  expect(asked).toEqual(['2.root.json', 'timestamp.json']);
  // What is read then is verified, and what was answered is not asked again.
  await expect(view.read('apps/web/chart-1.tgz', 100, signal)).resolves.toEqual(Buffer.from('chart 1'));
  expect(asked.slice(2)).toEqual(['1.app-web.json', expect.stringMatching(/chart-1\.tgz$/)]);

  // A root that ends sooner than all else: only its own time tells it.
  const { metadata } = await newestRoot(ground.store, signal);
  const soon = new Date(ground.clock.now().getTime() + 3_600_000);
  await publishRoot(
    ground.store,
    await makeRoot(planFor(ground.keys, soon), metadata, ground.keys.root, signal),
    metadata,
    signal,
  );
  expect((await client.look()).root).toBe(2);
  await expect(client.look()).resolves.toMatchObject({ root: 2 });
  await ground.clock.advance(3_600_000);
  await expect(client.look()).rejects.toMatchObject({ code: 'CHANNEL_EXPIRED' });
});

test('a clock that is far off is told', async () => {
  await ground.clock.advance(400 * 24 * 3_600_000);
  await expect(client.look()).rejects.toMatchObject({
    code: 'CHANNEL_EXPIRED',
    message: expect.stringMatching(/the clock of this machine is .* ahead of that of the server/),
  });
});

test.each(['timestamp.json', '1.snapshot.json', '1.releases.json', '2.root.json'])(
  'endless data in place of %s ends at a bound',
  async (file) => {
    let sent = 0;
    ground.lie = (path, response) => {
      if (path !== file) {
        return undefined;
      }
      const chunk = Buffer.alloc(65_536, 0x20);
      const more = () => {
        while (!response.destroyed && response.write(chunk)) {
          sent += chunk.length;
        }
        response.once('drain', more);
      };
      response.writeHead(200);
      more();
      return 'handled';
    };
    await expect(client.look()).rejects.toMatchObject({ code: 'CHANNEL_UNREACHABLE' });
    expect(sent).toBeLessThan(20 * 2 ** 20);
  },
);

test('slow retrieval ends when its caller has no more time, whatever drips', async () => {
  ground.lie = (path, response) => {
    if (path !== 'timestamp.json') {
      return undefined;
    }
    response.writeHead(200);
    const drip = setInterval(() => response.write(' '), 10);
    response.once('close', () => clearInterval(drip));
    return 'handled';
  };
  const stop = new AbortController();
  const slow = client.look(stop.signal);
  setTimeout(() => stop.abort(new Error('no more time')), 300);
  await expect(slow).rejects.toThrow('no more time');
});

test('mix-and-match: files of two snapshots do not go together', async () => {
  const old = await recorded();
  await ground.publish(second);
  for (const [asked, given] of [
    ['2.snapshot.json', '1.snapshot.json'],
    ['2.releases.json', '1.releases.json'],
    ['2.app-web.json', '1.app-web.json'],
  ] as const) {
    ground.lie = (path) => (path === asked ? old.get(given) : undefined);
    const mixed = ground.client();
    const reading = mixed.look().then((view) => view.read('apps/web/chart-2.tgz', 100, signal));
    await expect(reading, asked).rejects.toMatchObject(untrusted);
  }
});

test('wrong target: a file of one App is not taken for that of another', async () => {
  await ground.publish({ ...first, 'apps/api/chart-1.tgz': 'chart 1 of api' });
  const view = await client.look();
  const other = (await recorded()).get(`targets/apps/api/${sha256Of(Buffer.from('chart 1 of api'))}.chart-1.tgz`);
  ground.lie = (path) => (path.startsWith('targets/apps/web/') ? other : undefined);
  await expect(view.read('apps/web/chart-1.tgz', 100, signal)).rejects.toThrow();
});

test('wrong role: the role of an App cannot speak for another, nor for the Releases', async () => {
  const hash = { length: 3, hashes: { sha256: sha256Of(Buffer.from('bad')) } };
  const role = await forged(
    'targets',
    { targets: { 'releases/index.json': hash, 'apps/api/x.tgz': hash } },
    2,
    ground.keys.targets,
  );
  const targets = JSON.parse(ground.file('1.snapshot.json').toString()).signed.meta;
  const meta = { ...targets, 'app-web.json': { version: 2, length: role.length, hashes: { sha256: sha256Of(role) } } };
  const snapshot = await forged('snapshot', { meta }, 2, ground.keys.snapshot);
  const named = { version: 2, length: snapshot.length, hashes: { sha256: sha256Of(snapshot) } };
  const timestamp = await forged('timestamp', { meta: { 'snapshot.json': named } }, 2, ground.keys.timestamp);
  ground.lie = (path) => ({ 'timestamp.json': timestamp, '2.snapshot.json': snapshot, '2.app-web.json': role })[path];
  expect(await client.index()).toBe('index 1');
  const view = await client.look();
  await expect(view.read('apps/api/x.tgz', 100, signal)).rejects.toMatchObject({ code: 'CHANNEL_INVALID' });
});

describe('key compromise', () => {
  test('of timestamp and snapshot alone brings nothing in', async () => {
    const strangers = newKeyring();
    const hash = { length: 3, hashes: { sha256: sha256Of(Buffer.from('bad')) } };
    const targets = await forged('targets', { targets: { 'releases/index.json': hash } }, 2, strangers.targets);
    const meta = { 'targets.json': { version: 2, length: targets.length, hashes: { sha256: sha256Of(targets) } } };
    const snapshot = await forged('snapshot', { meta }, 2, ground.keys.snapshot);
    const named = { version: 2, length: snapshot.length, hashes: { sha256: sha256Of(snapshot) } };
    const timestamp = await forged('timestamp', { meta: { 'snapshot.json': named } }, 2, ground.keys.timestamp);
    const lies: Readonly<Record<string, Buffer>> = {
      'timestamp.json': timestamp,
      '2.snapshot.json': snapshot,
      '2.targets.json': targets,
    };
    ground.lie = (path) => lies[path];
    await expect(client.look()).rejects.toMatchObject(untrusted);
  });

  test('of one of two keys of the root makes no root', async () => {
    const strangers = newKeyring();
    const { metadata } = await newestRoot(ground.store, signal);
    const [stolen] = ground.keys.root;
    const plan = planFor(strangers, new Date(Date.now() + 86_400_000));
    const root = await makeRoot(plan, metadata, [...(stolen ? [stolen] : []), ...strangers.root], signal);
    ground.lie = (path) => (path === '2.root.json' ? root.bytes : undefined);
    await expect(client.look()).rejects.toMatchObject(untrusted);
    ground.lie = undefined;
    await expect(client.index()).resolves.toBe('index 1');
  });
});

describe('roots', () => {
  const rotate = async () => {
    const { metadata } = await newestRoot(ground.store, signal);
    const root = await makeRoot(
      planFor(ground.keys, new Date(Date.now() + 86_400_000)),
      metadata,
      ground.keys.root,
      signal,
    );
    await publishRoot(ground.store, root, metadata, signal);
  };

  test('withheld: the version that the index tells shows that one is missing', async () => {
    await rotate();
    await ground.publish({ ...first, 'releases/index.json': 'index of root 2' });
    ground.lie = (path) => (path === '2.root.json' ? 'missing' : undefined);
    const { root } = await client.look();
    expect(root).toBe(1);
    ground.lie = undefined;
    expect((await client.look()).root).toBe(2);
  });

  test('replayed: an old one in place of the next is refused', async () => {
    await client.look();
    const old = ground.file('1.root.json');
    await rotate();
    ground.lie = (path) => (path === '2.root.json' ? old : undefined);
    await expect(client.look()).rejects.toMatchObject(untrusted);
  });

  test('far ahead: one is walked to step by step', async () => {
    for (let turn = 0; turn < 20; turn += 1) {
      await rotate();
    }
    await ground.publish(first);
    expect((await client.look()).root).toBe(21);
  });

  test('expired: nothing new, and what comes after mends it', async () => {
    await client.look();
    const { metadata } = await newestRoot(ground.store, signal);
    const soon = new Date(ground.clock.now().getTime() + 60_000);
    const root = await makeRoot(planFor(ground.keys, soon), metadata, ground.keys.root, signal);
    await publishRoot(ground.store, root, metadata, signal);
    await ground.clock.advance(120_000);
    await expect(client.look()).rejects.toMatchObject({
      code: 'CHANNEL_EXPIRED',
      message: expect.stringContaining('root'),
    });
    await rotate();
    await expect(client.index()).resolves.toBe('index 1');
  });
});

describe('a server that is not well', () => {
  test.each([500, 503, 429, 401])('answers %i: nothing is taken, nothing is lost', async (status) => {
    await client.look();
    ground.lie = (_path, response) => {
      response.writeHead(status).end('sorry');
      return 'handled';
    };
    await expect(client.look()).rejects.toMatchObject({ code: 'CHANNEL_UNREACHABLE' });
    ground.lie = undefined;
    await expect(client.index()).resolves.toBe('index 1');
  });

  test('packs its answers although nobody asked for it', async () => {
    ground.lie = (path, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.end(gzipSync(ground.file(path === '2.root.json' ? '1.root.json' : path)));
      return 'handled';
    };
    await expect(client.look()).rejects.toMatchObject(untrusted);
  });

  test('is away for weeks', async () => {
    await client.look();
    const trusted = client.trusted();
    ground.lie = (_path, response) => {
      response.destroy();
      return 'handled';
    };
    for (let day = 0; day < 21; day += 1) {
      await ground.clock.advance(24 * 3_600_000);
      await expect(client.look()).rejects.toMatchObject({ code: 'CHANNEL_UNREACHABLE' });
    }
    expect(client.trusted()).toEqual(trusted);
    ground.lie = undefined;
    await ground.publish(second);
    await expect(client.index()).resolves.toBe('index 2');
  });
});
