import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type HostileRegistry, startHostileRegistry } from '../../../test/servers/hostile-registry.ts';
import { createRegistryClient, type RegistryClient } from './client.ts';
import { type CoalescedRegistry, coalesceReads } from './coalesce.ts';

const never = new AbortController().signal;
const insecure = { insecure: true };

let server: HostileRegistry;
let client: RegistryClient;
let registry: CoalescedRegistry;
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
  registry = coalesceReads(client, { clock, maxAgeMs: 10_000 });
  return () => client.close();
});

test('five Apps on one repository cause one request', async () => {
  const before = server.requests.length;

  const lists = await Promise.all(Array.from({ length: 5 }, () => listTags('honest')));

  expect(new Set(lists.map((tags) => tags.join()))).toEqual(new Set(['1.0.0,1.1.0']));
  expect(server.requests.length - before).toBe(1);
});

test('an answer is good for its age and no longer', async () => {
  await listTags('honest');
  const before = server.requests.length;

  now = new Date(now.getTime() + 9_999);
  await listTags('honest');
  expect(server.requests.length - before).toBe(0);
  now = new Date(now.getTime() + 1);
  await listTags('honest');
  expect(server.requests.length - before).toBe(1);
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

test('an error is not kept', async () => {
  await expect(listTags('broken')).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
  const before = server.requests.length;

  await expect(listTags('broken')).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });

  expect(server.requests.length - before).toBe(1);
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
