/** Beside the reference implementation: it reads what we publish, and we read what it writes. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  type ChannelGround,
  newKeyring,
  openChannelGround,
  planFor,
  signal,
} from '../../../test/channels/channel-ground.ts';
import { cacheFolder } from '../../../test/cluster/binaries.ts';
import { openOutbound } from '../../../test/servers/open-outbound.ts';
import { createChannelServer } from '../../server/channel.ts';
import { newestRoot } from './published.ts';
import { createChannelReader } from './reader.ts';
import { makeRoot, publishRoot } from './root-ceremony.ts';

const run = promisify(execFile);
const folderOfScripts = fileURLToPath(new URL('../../../test/python/', import.meta.url));

let packages: string;
let ground: ChannelGround;
let top: string;

beforeAll(async () => {
  packages = join(cacheFolder(), 'python-tuf-7.0.1');
  if (!existsSync(packages)) {
    const arriving = `${packages}.${process.pid}`;
    await mkdir(cacheFolder(), { recursive: true });
    const requirements = join(folderOfScripts, 'requirements.txt');
    const flags = ['--quiet', '--no-deps', '--require-hashes', '--only-binary', ':all:', '--target', arriving];
    await run('python3', ['-m', 'pip', 'install', ...flags, '-r', requirements]);
    await rename(arriving, packages).catch(() => rm(arriving, { recursive: true, force: true }));
  }
}, 120_000);

beforeEach(async () => {
  ground = await openChannelGround();
  top = await mkdtemp(join(tmpdir(), 'python-tuf-'));
});

afterEach(async () => {
  await ground.stop();
  await rm(top, { recursive: true, force: true });
});

async function python(script: string, ...words: readonly string[]): Promise<string> {
  const { stdout } = await run('python3', [join(folderOfScripts, script), ...words], {
    env: { PATH: process.env['PATH'], PYTHONPATH: packages },
  });
  return stdout;
}

const files = { 'releases/index.json': 'index', 'releases/r1.json': 'r1', 'apps/web/chart-1.tgz': 'chart' };

test('python-tuf reads what we publish, also over a change of all keys', async () => {
  await ground.publish(files);
  const root = join(ground.folder, '1.root.json');
  const read = async (name: string) =>
    JSON.parse(
      await python(
        'read_channel.py',
        `${ground.server.origin}/`,
        root,
        join(top, name),
        ...Object.keys(files),
        'apps/api/none',
      ),
    );
  expect(await read('first')).toEqual(files);

  const next = newKeyring();
  const { metadata } = await newestRoot(ground.store, signal);
  const expires = new Date(Date.now() + 86_400_000);
  const changed = await makeRoot(planFor(next, expires), metadata, [...ground.keys.root, ...next.root], signal);
  await publishRoot(ground.store, changed, metadata, signal);
  await ground.publish({ ...files, 'releases/r2.json': 'r2' }, next);
  expect(await read('second')).toEqual(files);
});

test('python-tuf refuses what we refuse', async () => {
  await ground.publish(files);
  ground.lie = (path) =>
    path === 'timestamp.json'
      ? Buffer.from(ground.file(path).toString().replace('"version":1', '"version":2'))
      : undefined;
  const root = join(ground.folder, '1.root.json');
  await expect(
    python('read_channel.py', `${ground.server.origin}/`, root, join(top, 'read'), 'releases/r1.json'),
  ).rejects.toThrow('UnsignedMetadataError');
  await expect(ground.client().look()).rejects.toMatchObject({ code: 'CHANNEL_UNTRUSTED' });
});

test('we read what python-tuf writes', async () => {
  const written = join(top, 'written');
  await python('write_channel.py', written, 'releases/index.json=index of python', 'releases/r1.json=r1 of python');
  const server = createChannelServer({ folder: top });
  const outbound = openOutbound();
  try {
    const url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/written/`;
    const openFiles = () => undefined;
    const reader = createChannelReader({ folder: join(top, 'ours'), outbound, clock: ground.clock, openFiles });
    const place = { owner: 'test', urls: [url], trustedRoot: readFileSync(join(written, 'root.json')) };
    const view = await reader.look({ ...place, login: undefined, caBundle: undefined }, new Map(), signal);
    expect((await view.read('releases/index.json', 100, signal)).toString()).toBe('index of python');
    expect((await view.read('releases/r1.json', 100, signal)).toString()).toBe('r1 of python');
  } finally {
    await server.close();
    await outbound.close();
  }
});
