import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createKubeClient, type KubeClient, type KubeClientOptions } from './client.ts';
import type { Credentials } from './credentials.ts';
import type { KubeObject } from './objects.ts';
import { configMaps, secrets } from './resource-types.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const key = { namespace: 'demo', name: 'a' };
const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'demo' } };

let server: Server;
let answers: Answer[];
let requests: { method: string; url: string; authorization: string | undefined; body: string }[];
let connections: number;
const clients: KubeClient[] = [];

beforeEach(async () => {
  answers = [];
  requests = [];
  connections = 0;
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) {
      body += String(chunk);
    }
    requests.push({
      method: request.method ?? '',
      url: request.url ?? '',
      authorization: request.headers.authorization,
      body,
    });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    answer?.(request, response);
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

function connect(options: KubeClientOptions & { credentials?: Credentials } = {}): KubeClient {
  const { credentials = { current: () => Promise.resolve({}), invalidate: () => false }, ...rest } = options;
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = createKubeClient(
    { server: url, namespace: 'default', tls: {}, credentials },
    { random: () => 0, ...rest },
  );
  clients.push(client);
  return client;
}

function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

const busy = (status: number, retryAfter?: string) =>
  json(
    status,
    { kind: 'Status', message: 'too many requests', reason: 'TooManyRequests' },
    retryAfter === undefined ? {} : { 'retry-after': retryAfter },
  );

describe('a server that asks to come back later', () => {
  test.each([429, 503])('%i with Retry-After is tried again, also for writes', async (status) => {
    answers = [busy(status, '0'), busy(status, '1'), json(201, object)];
    const startedAt = performance.now();

    const created = await connect().create<KubeObject>(configMaps, { metadata: key });

    expect(created).toEqual(object);
    expect(requests.map((request) => request.method)).toEqual(['POST', 'POST', 'POST']);
    expect(performance.now() - startedAt).toBeGreaterThan(1_000);
  });

  test.each([
    { name: 'says no time', retryAfter: undefined, requestsSent: 1, retry: 'backoff', retryAfterMs: undefined },
    { name: 'wants longer than the budget', retryAfter: '120', requestsSent: 1, retry: 'after', retryAfterMs: 120_000 },
    { name: 'never has enough', retryAfter: '0', requestsSent: 9, retry: 'after', retryAfterMs: 0 },
    { name: 'wants a year', retryAfter: '31536000', requestsSent: 1, retry: 'after', retryAfterMs: 3_600_000 },
  ])(
    'one that $name is given up after $requestsSent requests',
    async ({ retryAfter, requestsSent, retry, retryAfterMs }) => {
      answers = [busy(429, retryAfter)];

      await expect(connect().get(configMaps, key)).rejects.toMatchObject({
        code: 'API_UNAVAILABLE',
        retry,
        retryAfterMs,
      });

      expect(requests.length).toBe(requestsSent);
    },
  );

  test('an abort ends the wait', async () => {
    answers = [busy(429, '20')];
    const stop = new AbortController();
    const reason = new Error('stop');

    const call = connect().get(configMaps, key, { signal: stop.signal });
    await expect.poll(() => requests.length).toBe(1);
    stop.abort(reason);

    await expect(call).rejects.toBe(reason);
  });
});

describe('401', () => {
  function rotating(): Credentials {
    let version = 1;
    return {
      current: () => Promise.resolve({ authorization: `Bearer token-${version}` }),
      invalidate() {
        version += 1;
        return true;
      },
    };
  }

  test('is tried once more with fresh credentials', async () => {
    answers = [json(401, { message: 'Unauthorized' }), json(200, object)];

    await connect({ credentials: rotating() }).get(configMaps, key);

    expect(requests.map((request) => request.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  test('twice is API_FORBIDDEN, and the token is nowhere in the error', async () => {
    answers = [json(401, { message: 'Unauthorized' })];

    const error = await connect({ credentials: rotating() })
      .get(configMaps, key)
      .catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({
      code: 'API_FORBIDDEN',
      message: 'get ConfigMap demo/a: 401 Unauthorized: Unauthorized',
    });
    expect(JSON.stringify(error)).not.toContain('token-');
    expect(requests.length).toBe(2);
  });
});

describe('answers that are none', () => {
  test.each<{ name: string; answer: Answer; message: RegExp }>([
    {
      name: 'larger than the limit',
      answer: json(200, { ...object, data: 'x'.repeat(200_000) }),
      message: /: answer is larger than 100000 bytes$/,
    },
    {
      name: 'no JSON although it says so',
      answer: (_request, response) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"metadata":'),
      message: /: answer is not JSON$/,
    },
    {
      name: 'the page of some proxy',
      answer: (_request, response) =>
        response.writeHead(200, { 'content-type': 'text/html' }).end('<html>sign in</html>'),
      message: /: answer is no Kubernetes object$/,
    },
    {
      name: 'cut in the middle',
      answer: (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
        response.write('{"metadata"', () => response.destroy());
      },
      message: /^get ConfigMap demo\/a: /,
    },
    { name: 'never sent', answer: () => undefined, message: /: no answer within 300 ms$/ },
    {
      name: 'an error page of a proxy',
      answer: (_request, response) => response.writeHead(502).end('<html>bad</html>'),
      message: /: 502 Bad Gateway: <html>bad<\/html>$/,
    },
  ])('$name: API_UNAVAILABLE', async ({ answer, message }) => {
    answers = [answer];

    const error = await connect({ timeoutMs: 300, maxBodyBytes: 100_000 })
      .get(configMaps, key)
      .catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: 'API_UNAVAILABLE', retry: 'backoff' });
    expect((error as Error).message).toMatch(message);
  });

  test('a server that is not there', async () => {
    const client = connect();
    server.close();
    server.closeAllConnections();
    await once(server, 'close');

    await expect(client.get(configMaps, key)).rejects.toMatchObject({
      code: 'API_UNAVAILABLE',
      message: expect.stringMatching(/^get ConfigMap demo\/a: connect ECONNREFUSED 127\.0\.0\.1:\d+$/),
    });
    server.listen(0);
  });

  test('a refusal of a huge body is still a refusal', async () => {
    answers = [json(403, { message: `no ${'x'.repeat(200_000)}`, reason: 'Forbidden' })];

    const error = await connect()
      .get(configMaps, key)
      .catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: 'API_FORBIDDEN', message: 'get ConfigMap demo/a: 403 Forbidden' });
  });
});

describe('kept connections', () => {
  test('300 calls one after the other need one or two connections, 300 at once no more than the pool has', async () => {
    answers = [json(200, object)];
    const client = connect();

    for (let left = 300; left > 0; left -= 1) {
      await client.get(configMaps, key);
    }
    const sequential = connections;
    await Promise.all(Array.from({ length: 300 }, () => client.get(configMaps, key)));

    expect(sequential).toBeLessThanOrEqual(2);
    expect(connections).toBeLessThanOrEqual(8);
  });

  test('a GET on a connection that the server has just closed is sent again; a POST is not', async () => {
    const die: Answer = (request) => request.socket.destroy();
    const client = connect();
    answers = [die, json(200, object)];
    await expect(client.get(configMaps, key)).resolves.toEqual(object);

    answers = [die, json(201, object)];
    await expect(client.create<KubeObject>(configMaps, { metadata: key })).rejects.toMatchObject({
      code: 'API_UNAVAILABLE',
    });

    expect(requests.map((request) => request.method)).toEqual(['GET', 'GET', 'POST']);
  });
});

test('paths and bodies are what the API expects', async () => {
  answers = [json(200, object)];
  const client = connect({ fieldManager: 'me' });

  await client.patch(
    secrets,
    { namespace: 'a/b', name: 'x y' },
    { kind: 'apply', body: { x: 1 } },
    { subresource: 'status', force: true, dryRun: true },
  );
  await client.delete(configMaps, key, { uid: 'u', resourceVersion: '7', propagation: 'Foreground' });

  expect(requests.map(({ method, url, body }) => [method, url, JSON.parse(body)])).toEqual([
    ['PATCH', '/api/v1/namespaces/a%2Fb/secrets/x%20y/status?fieldManager=me&dryRun=All&force=true', { x: 1 }],
    [
      'DELETE',
      '/api/v1/namespaces/demo/configmaps/a',
      {
        apiVersion: 'v1',
        kind: 'DeleteOptions',
        preconditions: { uid: 'u', resourceVersion: '7' },
        propagationPolicy: 'Foreground',
      },
    ],
  ]);
});
