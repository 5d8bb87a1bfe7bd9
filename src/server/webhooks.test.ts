import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as sent from '../../test/webhooks/payloads.ts';
import { webhookSenders } from '../core/webhook/senders.ts';
import { createLogger } from '../telemetry/log.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { createWebhookServer, type WebhookOptions } from './webhooks.ts';

/** What Apps follow in these tests. */
const followed: ReadonlySet<string> = new Set([
  'image quay.io/mynamespace/repository',
  'image docker.io/karolisr/keel',
  'image-path team/web',
  'git github.com/codertocat/hello-world',
]);

let woken: string[];
let metrics: Metrics;
let log: string[];
let server: FastifyInstance;

beforeEach(() => open());

afterEach(() => server.close());

function open(options: Partial<WebhookOptions> = {}): void {
  woken = [];
  log = [];
  metrics = createMetrics({ processMetrics: false });
  const wake = (subject: string, isKnown: boolean) => {
    woken.push(...(isKnown ? [subject] : []));
    return isKnown;
  };
  server = createWebhookServer({
    metrics,
    log: createLogger('info', { write: (line) => log.push(line) }),
    secretsOf: async () => ['secret'],
    allowUnsigned: false,
    privateRegistry: undefined,
    targets: () => ({
      wakeTopic: (topic) => wake(topic, followed.has(topic)),
      wakeApp: (namespace, name) => wake(`${namespace}/${name}`, name === 'web'),
      answerTest: async () => 'Denied',
    }),
    ...options,
  });
}

interface Post {
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
}

async function post(path: string, body: unknown, { headers = {}, token = 'secret' }: Post = {}) {
  const payload = typeof body === 'string' ? body : JSON.stringify(body);
  const url = token === '' ? path : `${path}?token=${token}`;
  const answer = await server.inject({ method: 'POST', url, headers: { ...headers }, payload });
  return { status: answer.statusCode, text: answer.body };
}

async function countOf(metric: string): Promise<Record<string, number>> {
  const { values = [] } = (await metrics.registry.getSingleMetric(metric)?.get()) ?? {};
  return Object.fromEntries(values.map(({ labels, value }) => [Object.values(labels).join(' '), value]));
}

test('an image that an App follows wakes it once for all its tags, and is counted by our name and by that of Keel', async () => {
  expect(await post('/v1/webhooks/quay', sent.quayPush)).toEqual({ status: 200, text: '' });

  expect(woken).toEqual(['image quay.io/mynamespace/repository']);
  expect(await countOf('headgate_webhook_requests_total')).toEqual({ 'quay woken': 1 });
  expect(await countOf('quay_webhook_requests_total')).toEqual({ 'quay.io/mynamespace/repository': 2 });
});

test('an image that nobody follows is 200 and counted, and becomes no label', async () => {
  expect(await post('/v1/webhooks/native', sent.nativePush)).toEqual({ status: 200, text: '' });

  expect(woken).toEqual([]);
  expect(await countOf('headgate_webhook_requests_total')).toEqual({ 'native unknown': 1 });
  expect(await countOf('native_webhook_requests_total')).toEqual({ other: 1 });
});

test('what is no push is 200 and counted', async () => {
  expect(await post('/v1/webhooks/harbor', { ...sent.harborPush, type: 'PULL_ARTIFACT' })).toMatchObject({
    status: 200,
  });

  expect(await countOf('headgate_webhook_requests_total')).toEqual({ 'harbor ignored': 1 });
  expect(await countOf('harbor_webhook_requests_total')).toEqual({});
});

test.each([
  { path: '/v1/webhooks/dockerhub', body: sent.dockerHubPush, wakes: ['image docker.io/karolisr/keel'] },
  { path: '/hook/dockerhub', body: sent.dockerHubPush, wakes: ['image docker.io/karolisr/keel'] },
  { path: '/v1/webhooks/jfrog', body: sent.jfrogPush, wakes: ['image-path team/web'] },
  { path: '/hook/dockerhub/shop/web', body: sent.dockerHubPush, wakes: ['shop/web'] },
  { path: '/hook/dockerhub/shop/other', body: sent.dockerHubPush, wakes: [] },
  { path: '/hook/generic/shop/web', body: '', wakes: ['shop/web'] },
  { path: '/hook/generic/shop/web', body: { anything: 'else' }, wakes: ['shop/web'] },
  {
    path: '/hook/generic',
    body: { repositories: ['git@github.com:codertocat/hello-world'] },
    wakes: ['git github.com/codertocat/hello-world'],
  },
  { path: '/hook/gcr/shop/web', body: sent.pubSub(sent.googleDelete), wakes: [] },
])('$path wakes $wakes', async ({ path, body, wakes }) => {
  expect(await post(path, body)).toMatchObject({ status: 200 });

  expect(woken).toEqual(wakes);
});

describe('a sender that signs', () => {
  const body = JSON.stringify(sent.gitHubPush);
  const sign = (text: string, secret = 'secret') => `sha256=${createHmac('sha256', secret).update(text).digest('hex')}`;
  const push = (signature: string, text = body, type = 'application/json') =>
    post('/hook/github', text, {
      token: '',
      headers: { 'x-github-event': 'push', 'x-hub-signature-256': signature, 'content-type': type },
    });

  test('is believed', async () => {
    expect(await push(sign(body))).toMatchObject({ status: 200 });
    expect(woken).toEqual(['git github.com/codertocat/hello-world']);
  });

  test('is believed when GitHub sends a form', async () => {
    const form = new URLSearchParams({ payload: body }).toString();

    expect(await push(sign(form), form, 'application/x-www-form-urlencoded')).toMatchObject({ status: 200 });
    expect(woken).toEqual(['git github.com/codertocat/hello-world']);
  });

  test.each([
    { name: 'another secret', signature: sign(body, 'other') },
    { name: 'another body', signature: sign(`${body} `) },
    { name: 'no signature', signature: '' },
  ])('is refused with $name', async ({ signature }) => {
    expect(await push(signature)).toEqual({ status: 401, text: 'signature or token is missing or wrong\n' });
    expect(woken).toEqual([]);
    expect(await countOf('headgate_webhook_requests_total')).toEqual({ 'github unauthorized': 1 });
  });
});

test.each(webhookSenders.flatMap(({ paths }) => paths.map((path) => ({ path }))))(
  '$path refuses what is unsigned, before it reads it',
  async ({ path }) => {
    expect(await post(path, '{', { token: '' })).toMatchObject({ status: 401 });
  },
);

describe('without a secret', () => {
  test('nobody is believed', async () => {
    open({ secretsOf: async () => [] });

    expect(await post('/v1/webhooks/quay', sent.quayPush)).toMatchObject({ status: 401 });
    expect(woken).toEqual([]);
  });

  test('everybody is believed when that is said', async () => {
    open({ secretsOf: async () => [], allowUnsigned: true });

    expect(await post('/v1/webhooks/quay', sent.quayPush, { token: '' })).toMatchObject({ status: 200 });
    expect(woken).toEqual(['image quay.io/mynamespace/repository']);
  });

  test('but not a sender for which there is one', async () => {
    open({ secretsOf: async (sender) => (sender === 'quay' ? ['secret'] : []), allowUnsigned: true });

    expect(await post('/v1/webhooks/quay', sent.quayPush, { token: '' })).toMatchObject({ status: 401 });
    expect(await post('/v1/webhooks/dockerhub', sent.dockerHubPush, { token: '' })).toMatchObject({ status: 200 });
    expect(woken).toEqual(['image docker.io/karolisr/keel']);
  });
});

test('a replica that stands by says so, but only to those it would believe', async () => {
  open({ targets: () => undefined });

  expect(await post('/v1/webhooks/quay', sent.quayPush)).toMatchObject({ status: 503 });
  expect(await post('/v1/webhooks/quay', sent.quayPush, { token: 'other' })).toMatchObject({ status: 401 });
  expect(await post('/v1/webhooks/quay', {})).toMatchObject({ status: 400 });
});

describe('bad input', () => {
  test.each([
    { name: 'no body', body: '', status: 400, text: 'docker_url cannot be empty\n' },
    { name: 'no JSON', body: '<quay/>', status: 400, text: 'the body is not JSON\n' },
    { name: 'a field that is missing', body: '{}', status: 400, text: 'docker_url cannot be empty\n' },
    { name: 'a list', body: '[]', status: 400, text: 'docker_url cannot be empty\n' },
    { name: 'null', body: 'null', status: 400, text: 'docker_url cannot be empty\n' },
    { name: 'brackets without end', body: '['.repeat(1_000_000), status: 400, text: 'nested deeper than 64 levels' },
    { name: 'bytes that are no text', body: '\u0000\ufffd', status: 400, text: 'the body is not JSON\n' },
    { name: 'a body that is too large', body: `"${'x'.repeat(1_048_576)}"`, status: 413, text: '1048576 bytes' },
    {
      name: 'a name without end',
      body: JSON.stringify({ docker_url: 'a'.repeat(1_000_000), updated_tags: ['1'] }),
      status: 400,
      text: 'characters are too many',
    },
  ])('$name is $status', async ({ body, status, text }) => {
    const answer = await post('/v1/webhooks/quay', body);

    expect(answer.status).toBe(status);
    expect(answer.text).toContain(text);
    expect(answer.text.length).toBeLessThan(1_000);
    expect(woken).toEqual([]);
    expect(await countOf('headgate_webhook_requests_total')).toEqual({
      [`quay ${status === 413 ? 'too_large' : 'invalid'}`]: 1,
    });
  });

  test.each([
    { name: 'an odd content type', headers: { 'content-type': 'no/such; type=' } },
    {
      name: 'the type of distribution',
      headers: { 'content-type': 'application/vnd.docker.distribution.events.v1+json' },
    },
  ])('$name is as good as any', async ({ headers }) => {
    expect(await post('/v1/webhooks/quay', sent.quayPush, { headers })).toMatchObject({ status: 200 });
  });

  test.each([
    { method: 'GET' as const, url: '/v1/webhooks/quay' },
    { method: 'PUT' as const, url: '/hook/quay' },
    { method: 'POST' as const, url: '/hook/none' },
    { method: 'POST' as const, url: '/hook/quay/only-a-namespace' },
    { method: 'POST' as const, url: '/v1/webhooks/quay/shop/web' },
    { method: 'GET' as const, url: '/metrics' },
  ])('$method $url is 404', async ({ method, url }) => {
    expect((await server.inject({ method, url: `${url}?token=secret` })).statusCode).toBe(404);
  });

  test('of whatever else is sent, nothing is a fault of ours', async () => {
    const paths = webhookSenders.flatMap(({ paths }) => paths);
    const body = fc.oneof(
      fc.json(),
      fc.string(),
      fc.json().map((text) => text.slice(1)),
    );
    const header = fc.record({
      'content-type': fc.constantFrom('', 'application/json', 'text/plain', 'application/x-www-form-urlencoded', 'x'),
    });

    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), body, header, async (path, text, headers) => {
        expect([200, 400, 401]).toContain((await post(path, text, { headers })).status);
      }),
      { numRuns: 500 },
    );
    expect(log).toEqual([]);
  });

  test('a fault of ours is said in the log and not to the sender', async () => {
    open({ secretsOf: () => Promise.reject(new Error('the disk is gone')) });

    expect(await post('/v1/webhooks/quay', sent.quayPush)).toEqual({ status: 500, text: '' });
    expect(log.join()).toContain('the disk is gone');
  });
});

/** Writes to the socket and answers all that came back until the other side closes. */
async function talk(text: string): Promise<string> {
  const { port } = new URL(await server.listen({ host: '127.0.0.1', port: 0 }));
  return await new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(text));
    socket.setEncoding('utf8').on('data', (part) => {
      answer += part;
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}

test('a body that never comes is given up', async () => {
  open({ timeoutMs: 500 });
  const head = 'POST /v1/webhooks/quay?token=secret HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{';

  expect(await talk(head)).toMatch(/^HTTP\/1\.1 4/);
});

test('a body that is said to be too large is not waited for', async () => {
  const head = 'POST /v1/webhooks/quay?token=secret HTTP/1.1\r\nhost: x\r\ncontent-length: 10000000000\r\n\r\n{';

  expect(await talk(head)).toMatch(/^HTTP\/1\.1 413/);
});
