import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  digestOf,
  type HostileRegistry,
  honestManifest,
  startHostileRegistry,
} from '../../../test/servers/hostile-registry.ts';
import { sendJson, startHttpServer } from '../../../test/servers/http-server.ts';
import { createRegistryClient, type RegistryClient } from './client.ts';
import { type ObservedSharedRegistry, shareRegistry } from './shared-registry.ts';

const never = new AbortController().signal;
const insecure = { insecure: true };

let server: HostileRegistry;
let client: RegistryClient;
let registry: ObservedSharedRegistry;
let news: string[];
let now: Date;

beforeAll(async () => {
  server = await startHostileRegistry();
});

afterAll(async () => {
  await server.stop();
});

beforeEach(() => {
  now = new Date('2026-01-01T00:00:00Z');
  const clock = { now: () => now };
  client = createRegistryClient({ clock });
  news = [];
  registry = shareRegistry(client, { clock, onNews: ({ path }) => news.push(path) });
  return () => client.close();
});

test('five Apps on one repository cause one request', async () => {
  const before = server.requests.length;

  const lists = await Promise.all(Array.from({ length: 5 }, () => listTags('honest')));

  expect(new Set(lists.map((tags) => tags.join()))).toEqual(new Set(['1.0.0,1.1.0']));
  expect(server.requests.length - before).toBe(1);
});

test('an answer is good for whoever can do with its age', async () => {
  const honest = { registry: server.host, path: 'honest' };
  await listTags('honest');
  const before = server.requests.length;

  now = new Date(now.getTime() + 59_999);
  await registry.within(60_000).listTags(honest, insecure, never);
  expect(server.requests.length - before).toBe(0);
  now = new Date(now.getTime() + 1);
  await registry.within(60_000).listTags(honest, insecure, never);
  expect(server.requests.length - before).toBe(1);
});

test('Apps of different intervals: asked at the pace of the shortest, and none has an answer older than its own', async () => {
  const honest = { registry: server.host, path: 'honest' };
  const before = server.requests.length;
  const intervalsMs = [60_000, 300_000, 3_600_000];
  const dueMs = intervalsMs.map(() => 0);

  for (let second = 0; second < 3_600; second += 1) {
    for (const [at, intervalMs] of intervalsMs.entries()) {
      if (now.getTime() < (dueMs[at] ?? 0)) {
        continue;
      }
      const check = registry.within(intervalMs);
      await check.listTags(honest, insecure, never);
      dueMs[at] = (check.asOf?.getTime() ?? 0) + intervalMs;
      expect(now.getTime() - (check.asOf?.getTime() ?? 0)).toBeLessThan(intervalMs);
    }
    now = new Date(now.getTime() + 1_000);
  }

  expect(server.requests.length - before).toBe(60);
});

test('a check knows the age of its oldest answer; what a digest stands for has none', async () => {
  const honest = { registry: server.host, path: 'honest' };
  await listTags('honest');
  const first = now;
  now = new Date(now.getTime() + 10_000);
  const check = registry.within(60_000);

  expect(check.asOf).toBeUndefined();
  await check.findDigest(honest, '1.0.0', insecure, never);
  expect(check.asOf).toEqual(now);
  await check.listTags(honest, insecure, never);
  expect(check.asOf).toEqual(first);
});

test('the manifest behind a digest is asked for once', async () => {
  const honest = { registry: server.host, path: 'honest' };
  const digest = digestOf(honestManifest);
  await registry.findImage(honest, digest, insecure, never);
  const before = server.requests.length;

  now = new Date(now.getTime() + 24 * 3_600_000);
  registry.forget(honest);
  await registry.within(1).findImage(honest, digest, insecure, never);

  expect(server.requests.length - before).toBe(0);
});

test('a new answer is news for the others on the repository, the same again is none', async () => {
  let tags = ['1.0.0'];
  const moving = await startHttpServer((_, response) => sendJson(response, { tags }));
  const repository = { registry: moving.host, path: 'moving' };
  const ask = () => registry.within(0).listTags(repository, insecure, never);

  await ask();
  await ask();
  expect(news).toEqual([]);
  tags = ['1.0.0', '1.1.0'];
  await ask();
  await ask();
  expect(news).toEqual(['moving']);

  await moving.stop();
});

test('another repository, tag or identity is another question', async () => {
  const before = server.requests.length;
  const honest = { registry: server.host, path: 'honest' };
  const credentials = { username: 'a', password: 'b' };

  await listTags('honest');
  await listTags('empty-list');
  await registry.listTags(honest, { insecure: true, credentials }, never);
  await registry.findDigest(honest, '1.0.0', insecure, never);
  await registry.findDigest(honest, '1.1.0', insecure, never);
  await registry.findDigest(honest, '1.1.0', insecure, never);

  expect(server.requests.length - before).toBe(5);
});

test('while a repository is ill, those who ask a moment later get its error and no request is sent; the moments grow', async () => {
  const asked = async () => {
    const before = server.requests.length;
    await expect(listTags('broken')).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    return server.requests.length - before;
  };

  const counts: number[] = [];
  for (let second = 0; second < 60; second += 1) {
    counts.push(await asked());
    now = new Date(now.getTime() + 1_000);
  }

  expect(counts.flatMap((count, second) => (count > 0 ? [second] : []))).toEqual([
    0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56,
  ]);
  expect(registry.repositories).toEqual([
    { repository: `${server.host}/broken`, answeredAtMs: undefined, error: 'REGISTRY_UNREACHABLE' },
  ]);
});

test('that there is none is an answer like others', async () => {
  const missing = { registry: server.host, path: 'missing' };
  expect(await registry.findImage(missing, '1.0.0', insecure, never)).toBeUndefined();
  const before = server.requests.length;

  expect(await registry.findImage(missing, '1.0.0', insecure, never)).toBeUndefined();

  expect(server.requests.length - before).toBe(0);
});

test('after it was told to forget a repository, that one is asked anew and no other', async () => {
  const honest = { registry: server.host, path: 'honest' };
  await listTags('honest');
  await registry.findDigest(honest, '1.0.0', insecure, never);
  await listTags('empty-list');
  const before = server.requests.length;

  registry.forget(honest);
  await listTags('honest');
  await registry.findDigest(honest, '1.0.0', insecure, never);
  await listTags('empty-list');

  expect(server.requests.slice(before).every((request) => JSON.stringify(request).includes('/honest/'))).toBe(true);
  expect(server.requests.length - before).toBe(2);
});

test('a request that was under way when it was told to forget is not joined', async () => {
  const before = server.requests.length;

  const early = listTags('honest');
  registry.forget({ registry: server.host, path: 'honest' });
  await Promise.all([early, listTags('honest')]);

  expect(server.requests.length - before).toBe(2);
});

function listTags(path: string) {
  return registry.listTags({ registry: server.host, path }, insecure, never);
}
