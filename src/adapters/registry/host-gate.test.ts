import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Handler, sendJson, startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { createRegistryClient, type RegistryClient } from './client.ts';
import type { LimitsByHost } from './host-limits.ts';

const insecure = { insecure: true };
const never = new AbortController().signal;
const minute = 60_000;

let now: Date;
let closing: (() => Promise<void>)[];

beforeEach(() => {
  now = new Date('2026-01-01T00:00:00Z');
  closing = [];
});

afterEach(async () => {
  await Promise.all(closing.map((close) => close()));
});

test('each registry has its own turnstile: one that is slow keeps nobody else waiting', async () => {
  const slow = await open(() => undefined);
  const quick = await open((_, response) => sendJson(response, { tags: ['1.0.0'] }));
  const client = openClient({});

  const stuck = Promise.allSettled(Array.from({ length: 40 }, (_, at) => listTags(client, slow, `app-${at}`)));
  const tags = await Promise.all(Array.from({ length: 40 }, (_, at) => listTags(client, quick, `app-${at}`)));

  expect(tags.flat()).toHaveLength(40);
  expect(viewOf(client, slow)).toMatchObject({ inFlight: 8, waiting: 32 });
  await client.close();
  expect((await stuck).every(({ status }) => status === 'rejected')).toBe(true);
});

test('what stands in a budget is not exceeded; what has to wait says how long and why', async () => {
  const server = await open((_, response) => sendJson(response, { tags: ['1.0.0'] }));
  const client = openClient({ [server.host]: { requests: { limit: 4, periodMs: minute } } });
  const ask = () => Promise.allSettled([0, 1, 2, 3, 4].map((at) => listTags(client, server, `app-${at}`)));

  const first = await ask();

  expect(server.requests).toHaveLength(2);
  expect(first[2]).toMatchObject({
    reason: {
      code: 'REGISTRY_RATE_LIMITED',
      retryAfterMs: 15_000,
      message: expect.stringContaining('its budget is 4 requests in 1m'),
    },
  });
  expect(viewOf(client, server)?.budgets).toEqual([
    { counts: 'requests', limit: 4, used: 5, resetsAtMs: now.getTime() + minute },
  ]);
  now = new Date(now.getTime() + 15_000);
  await ask();
  expect(server.requests).toHaveLength(3);
});

test('a budget of pulls counts GETs of manifests alone', async () => {
  const server = await open((request, response) => {
    response.setHeader('docker-content-digest', `sha256:${'0'.repeat(64)}`);
    sendJson(response, request.method === 'HEAD' ? {} : { tags: ['1.0.0'] });
  });
  const client = openClient({ [server.host]: { pulls: { limit: 1, periodMs: minute } } });

  await listTags(client, server, 'app');
  await client.findDigest({ registry: server.host, path: 'app' }, '1.0.0', insecure, never);
  await client.findDigest({ registry: server.host, path: 'app' }, '1.0.1', insecure, never);
  const pulls = await Promise.allSettled(
    ['1.0.0', '1.0.1'].map((tag) => client.findImage({ registry: server.host, path: 'app' }, tag, insecure, never)),
  );

  expect(pulls.map((one) => one.status === 'rejected' && one.reason.code)).toEqual([
    'REGISTRY_ANSWER_INVALID',
    'REGISTRY_RATE_LIMITED',
  ]);
});

test('a limit that the answers tell is learnt, and its last part is left to others', async () => {
  let remaining = 23;
  const server = await open((_, response) => {
    remaining -= 1;
    sendJson(
      response,
      { tags: [] },
      { 'ratelimit-limit': '20;w=60', 'ratelimit-remaining': `${remaining};w=60`, 'ratelimit-reset': '60' },
    );
  });
  const client = openClient({});

  const outcomes: string[] = [];
  for (let at = 0; at < 30; at += 1) {
    outcomes.push(
      await listTags(client, server, `app-${at}`).then(
        () => 'sent',
        (error) => error.code,
      ),
    );
    now = new Date(now.getTime() + 1_000);
  }

  // The last three of its seconds are spread by our own window; at a remainder of two it stops.
  expect(remaining).toBeGreaterThanOrEqual(2);
  expect(outcomes.slice(0, 8).every((outcome) => outcome === 'sent')).toBe(true);
  expect(outcomes.at(-1)).toBe('REGISTRY_RATE_LIMITED');
});

test('two sets of credentials of one account have one budget', async () => {
  const server = await open((_, response) => {
    sendJson(response, { tags: [] }, { 'docker-ratelimit-source': 'account-1' });
  });
  const client = openClient({ [server.host]: { requests: { limit: 8, periodMs: minute } } });
  const as = (username: string, path: string) =>
    client.listTags(
      { registry: server.host, path },
      { insecure: true, credentials: { username, password: 'x' } },
      never,
    );

  await as('first', 'a');
  await as('second', 'a');
  await as('first', 'b');
  await as('second', 'b');

  // The first request of the second identity could not know whose it is.
  expect(viewOf(client, server)?.budgets).toMatchObject([{ limit: 8, used: 3 }]);
});

test('an address where nobody is home is left alone, longer each time, and one that is ill in parts is not', async () => {
  const dead = await open(() => undefined);
  await dead.stop();
  const client = openClient({});
  const attempt = () =>
    listTags(client, dead, 'app').then(
      () => 'sent',
      (error) => error.message as string,
    );

  const asked: number[] = [];
  for (let second = 0; second < 40; second += 1) {
    if ((await attempt()).includes('refuses the connection')) {
      asked.push(second);
    }
    now = new Date(now.getTime() + 1_000);
  }

  expect(asked).toEqual([0, 2, 6, 14, 30]);
  expect(viewOf(client, dead)?.silentUntilMs).toBeGreaterThan(now.getTime());
});

test('429 without a time: the silence grows until it is answered again', async () => {
  let isBusy = true;
  const server = await open((_, response) => {
    if (isBusy) {
      response.writeHead(429).end();
    } else {
      sendJson(response, { tags: [] });
    }
  });
  const client = openClient({});
  const wait = () =>
    listTags(client, server, 'app').then(
      () => 0,
      (error) => error.retryAfterMs as number,
    );

  expect(await wait()).toBe(minute);
  now = new Date(now.getTime() + minute);
  expect(await wait()).toBe(minute);
  expect(viewOf(client, server)?.silentUntilMs).toBe(now.getTime() + 2 * minute);
  isBusy = false;
  now = new Date(now.getTime() + 2 * minute);
  expect(await wait()).toBe(0);
});

async function open(handler: Handler): Promise<TestServer> {
  const server = await startHttpServer(handler);
  closing.push(() => server.stop().catch(() => undefined));
  return server;
}

function openClient(limits: LimitsByHost): RegistryClient {
  const client = createRegistryClient({ clock: { now: () => now }, limits });
  closing.push(() => client.close());
  return client;
}

function listTags(client: RegistryClient, { host }: TestServer, path: string) {
  return client.listTags({ registry: host, path }, insecure, never);
}

function viewOf(client: RegistryClient, { host }: TestServer) {
  return client.hosts.find((view) => view.host === host);
}
