import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createChannelServer } from './channel.ts';

let top: string;
let server: FastifyInstance;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'served-'));
  const folder = join(top, 'channels');
  await mkdir(join(folder, 'stable', 'targets'), { recursive: true });
  await writeFile(join(top, 'secret.txt'), 'secret');
  await writeFile(join(folder, 'stable', 'timestamp.json'), '{}');
  await writeFile(join(folder, 'stable', '.unfinished-1'), 'half');
  await writeFile(join(folder, 'stable', '3.snapshot.json'), '{"a":1}');
  await writeFile(join(folder, 'stable', 'targets', `${'a'.repeat(64)}.chart.tgz`), Buffer.alloc(100_000, 1));
  await symlink(join(top, 'secret.txt'), join(folder, 'stable', 'link.json'));
  server = createChannelServer({ folder });
});

afterEach(async () => {
  await server.close();
  await rm(top, { recursive: true, force: true });
});

test('files that never change may be kept for ever, the timestamp is asked for again', async () => {
  const fixed = await server.inject('/stable/3.snapshot.json');
  expect([fixed.statusCode, fixed.headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
  const large = await server.inject(`/stable/targets/${'a'.repeat(64)}.chart.tgz`);
  expect([large.statusCode, large.rawPayload.length, large.headers['content-length']]).toEqual([
    200,
    100_000,
    '100000',
  ]);

  const first = await server.inject('/stable/timestamp.json');
  expect([first.statusCode, first.headers['cache-control'], first.body]).toEqual([200, 'no-cache', '{}']);
  const headers = { 'if-none-match': String(first.headers['etag']) };
  const again = await server.inject({ url: '/stable/timestamp.json', headers });
  expect([again.statusCode, again.body]).toEqual([304, '']);
  expect((await server.inject({ method: 'HEAD', url: '/stable/timestamp.json' })).statusCode).toBe(200);
});

test.each([
  '/stable/4.snapshot.json',
  '/stable',
  '/stable/',
  '/',
  '/stable/.unfinished-1',
  '/stable/link.json',
  '/stable/..%2f..%2fsecret.txt',
  '/..%2fsecret.txt',
  '/stable/%00',
  '/stable/targets',
])('%s is not found', async (url) => {
  expect((await server.inject(url)).statusCode).toBe(404);
});

test.each(['POST', 'PUT', 'DELETE'] as const)('%s changes nothing', async (method) => {
  expect((await server.inject({ method, url: '/stable/timestamp.json' })).statusCode).toBe(404);
});
