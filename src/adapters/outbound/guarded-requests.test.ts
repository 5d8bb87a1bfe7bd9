import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../test/cluster/certificates.ts';
import { startConnectProxy } from '../../../test/servers/connect-proxy.ts';
import { bodyOf, type Handler, sendJson, startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { OperationError } from '../../core/errors.ts';
import type { OutboundRequest } from '../../engine/ports/outbound.ts';
import { nothingAllowed, parseAllowance } from './allowance.ts';
import { createGuardedRequests, type GuardedRequests, type GuardOptions } from './guarded-requests.ts';

let opened: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  opened = [];
});

afterEach(async () => {
  await Promise.all(opened.map((close) => close()));
});

describe('places that nobody may send us to', () => {
  test.each([
    ['http://127.0.0.1:9/', 'loopback'],
    ['http://[::1]:9/', 'loopback'],
    ['http://0.0.0.0:9/', 'loopback'],
    ['http://127.1:9/', 'loopback'],
    ['http://2130706433/', 'loopback'],
    ['http://0x7f.1/', 'loopback'],
    ['http://[::ffff:127.0.0.1]/', 'loopback'],
    ['http://localhost:9/', 'loopback'],
    ['http://169.254.169.254/latest/meta-data/', 'link-local or metadata'],
    ['http://[fe80::1]/', 'link-local or metadata'],
    ['http://[fd00:ec2::254]/', 'link-local or metadata'],
    ['http://[64:ff9b::a9fe:a9fe]/', 'link-local or metadata'],
    ['http://168.63.129.16/', 'link-local or metadata'],
    ['http://224.0.0.1/', 'multicast or broadcast'],
    ['http://255.255.255.255/', 'multicast or broadcast'],
    ['http://[ff02::1]/', 'multicast or broadcast'],
    ['https://10.96.0.1/api', 'the API server'],
    ['https://[::ffff:10.96.0.1]/api', 'the API server'],
    ['ftp://example.com/', 'no http or https address'],
    ['file:///etc/passwd', 'no http or https address'],
    ['nonsense', 'no http or https address'],
    ['http://user:pass@example.com/', 'put them into a Secret'],
  ])('%s: %s', async (url, says) => {
    const outbound = open({ apiServer: () => Promise.resolve([{ host: '10.96.0.1', port: 443 }]) });

    const error = await failureOf(outbound, { url });

    expect(error.message).toContain(says);
    expect(error.code).toBe('OUTBOUND_REFUSED');
  });

  test('the API server is never asked, whatever is allowed, by address or by name', async () => {
    const server = await serve((_, response) => sendJson(response, {}));
    const port = Number(new URL(server.origin).port);
    const outbound = open({
      allowance: allow('127.0.0.0/8', 'localhost', '::1'),
      apiServer: () => Promise.resolve([{ host: '127.0.0.1', port }]),
    });

    const errors = [
      await failureOf(outbound, { url: server.origin }),
      await failureOf(outbound, { url: `http://localhost:${port}/` }),
    ];

    expect(errors.map(({ code }) => code)).toEqual(['OUTBOUND_REFUSED', 'OUTBOUND_REFUSED']);
    expect(errors.map(({ message }) => message).join()).toContain('is the API server of the cluster; nothing was sent');
    expect(server.connections).toBe(0);
  });

  test('a redirect to the API server is refused, and nothing is sent there', async () => {
    const api = await serve((_, response) => sendJson(response, {}));
    const server = await serve((_, response) => void response.writeHead(302, { location: `${api.origin}/api` }).end());
    const apiServer = () => Promise.resolve([{ host: '127.0.0.1', port: Number(new URL(api.origin).port) }]);
    const outbound = open({ allowance: allow('127.0.0.1'), apiServer });

    const error = await failureOf(outbound, { url: server.origin });

    expect(error.code).toBe('OUTBOUND_REFUSED');
    expect(error.message).toBe(`ask the veto: ${api.host} is the API server of the cluster; nothing was sent there`);
    expect(api.connections).toBe(0);
  });

  test('a redirect to an inner address is refused where only the first host is allowed', async () => {
    const inner = await serve((_, response) => sendJson(response, {}));
    const location = inner.origin.replace('127.0.0.1', '127.0.0.2');
    const server = await serve((_, response) => void response.writeHead(307, { location }).end());
    const outbound = open({ allowance: allow('127.0.0.1') });

    const error = await failureOf(outbound, { url: server.origin });

    expect([error.code, error.message]).toEqual(['OUTBOUND_REFUSED', expect.stringContaining('is a loopback address')]);
  });

  test('a name that is not known here is left to the proxy', async () => {
    const server = await serve((_, response) => sendJson(response, {}));
    const proxy = await startConnectProxy({ 'hooks.test.invalid:80': server.host });
    opened.push(() => proxy.stop());
    const outbound = open({ proxy: { http: proxy.url, https: proxy.url, exempt: '' } });

    expect((await ask(outbound, { url: 'http://hooks.test.invalid/' })).status).toBe(200);
  });

  test('a host that is allowed by name is not allowed by its address', async () => {
    const server = await serve((_, response) => sendJson(response, { go: true }));
    const named = server.origin.replace('127.0.0.1', 'localhost');
    const outbound = open({ allowance: allow('localhost') });

    expect((await ask(outbound, { url: named })).status).toBe(200);
    expect((await failureOf(outbound, { url: server.origin })).code).toBe('OUTBOUND_REFUSED');
  });

  test('inner addresses are refused also where there is a proxy', async () => {
    const proxy = await startConnectProxy({});
    opened.push(() => proxy.stop());
    const outbound = open({ proxy: { http: proxy.url, https: proxy.url, exempt: '' } });

    const error = await failureOf(outbound, { url: 'https://169.254.169.254/' });

    expect(error.code).toBe('OUTBOUND_REFUSED');
    expect(proxy.requests).toEqual([]);
  });
});

describe('bounds', () => {
  test.each([
    ['a body beyond its bound', { maxBytes: 10 }, 'OUTBOUND_ANSWER_INVALID', 'answers with more than 10 bytes'],
    ['a body without end', {}, 'OUTBOUND_ANSWER_INVALID', 'answers with more than 1048576 bytes'],
    ['silence', { timeoutMs: 100 }, 'OUTBOUND_UNREACHABLE', 'gave no whole answer within 0.1 s'],
    ['redirects without end', {}, 'OUTBOUND_ANSWER_INVALID', 'more than 3 redirects'],
    ['a bundle without a certificate', { caBundle: 'nonsense' }, 'SECRET_INVALID', 'holds no PEM certificate'],
  ] as const)('%s', async (name, more, code, says) => {
    const server = await serve(hostile[name] ?? (() => undefined));
    const outbound = open({ allowance: allow('127.0.0.0/8') });

    const error = await failureOf(outbound, { url: `${server.origin}/secret-path?token=s3cret`, ...more });

    expect([error.code, error.message]).toEqual([code, expect.stringContaining(says)]);
    expect(error.message).not.toContain('s3cret');
    expect(error.message).not.toContain('secret-path');
  });

  test('a body is cut where the caller wants only its beginning', async () => {
    const server = await serve((_, response) => void response.end('0123456789'));
    const outbound = open({ allowance: allow('127.0.0.1') });

    expect((await ask(outbound, { url: server.origin, maxBytes: 4, cutsBody: true })).body).toBe('0123');
  });

  test("the caller's abort comes out as its reason", async () => {
    const server = await serve(() => undefined);
    const outbound = open({ allowance: allow('127.0.0.1') });
    const stopping = new AbortController();

    const asked = outbound.send({ what: 'x', method: 'GET', url: server.origin }, stopping.signal);
    stopping.abort(new Error('enough'));

    await expect(asked).rejects.toThrow('enough');
  });
});

describe('redirects', () => {
  test('another origin is told no header but accept and content-type; 307 keeps the body', async () => {
    const got: unknown[] = [];
    const second = await serve(async (request, response) => {
      const { authorization, 'x-signature': signature, 'content-type': type } = request.headers;
      got.push({ method: request.method, authorization, signature, type, body: await bodyOf(request) });
      sendJson(response, {});
    });
    const first = await serve((_, response) => void response.writeHead(307, { location: second.origin }).end());
    const outbound = open({ allowance: allow('127.0.0.1') });

    await ask(outbound, {
      url: first.origin,
      method: 'POST',
      body: '{}',
      headers: { authorization: 'Bearer s3cret', 'x-signature': 'abc', 'content-type': 'application/json' },
    });

    expect(first.requests[0]?.authorization).toBe('Bearer s3cret');
    expect(got).toEqual([{ method: 'POST', type: 'application/json', body: '{}' }]);
  });

  test('after 303 a GET without the body follows', async () => {
    const server = await serve((_, response, url) =>
      url.pathname === '/' ? void response.writeHead(303, { location: '/done' }).end() : sendJson(response, {}),
    );
    const outbound = open({ allowance: allow('127.0.0.1') });

    await ask(outbound, { url: server.origin, method: 'POST', body: '{}' });

    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /', 'GET /done']);
  });

  test('from https to http is refused', async () => {
    const authority = createAuthority('ca');
    const { certificate, key } = authority.issue({ commonName: 'web', hosts: ['127.0.0.1'] });
    const plain = await serve((_, response) => sendJson(response, {}));
    const secure = await startHttpServer(
      (_, response) => void response.writeHead(302, { location: plain.origin }).end(),
      { certificate, key },
    );
    opened.push(() => secure.stop());
    const outbound = open({ allowance: allow('127.0.0.1') });

    const error = await failureOf(outbound, { url: secure.origin, caBundle: authority.certificate });

    expect([error.code, error.message]).toEqual([
      'OUTBOUND_REFUSED',
      expect.stringContaining('redirects from https to http'),
    ]);
    expect(plain.connections).toBe(0);
  });
});

describe('parseAllowance', () => {
  test.each(['10.0.0.0/33', '10.0.0.0/x', '::1/129', 'http://example.com', 'a b', 'example.com/24', ''])(
    '"%s" is neither address, range nor host',
    (text) => {
      expect(parseAllowance(['10.0.0.0/8', text])).toEqual({ wrong: text });
    },
  );
});

const hostile: Readonly<Record<string, Handler>> = {
  'a body beyond its bound': (_, response) => void response.end('0123456789a'),
  'a body without end': (_, response) => {
    const chunk = 'x'.repeat(65_536);
    const write = () => {
      while (!response.destroyed && response.write(chunk)) {
        // Until the other side takes no more.
      }
    };
    response.on('drain', write);
    write();
  },
  silence: () => undefined,
  'redirects without end': (_, response) => void response.writeHead(302, { location: '/again' }).end(),
  'a bundle without a certificate': (_, response) => sendJson(response, {}),
};

function open(options: Partial<GuardOptions>): GuardedRequests {
  const outbound = createGuardedRequests({
    allowance: nothingAllowed,
    apiServer: () => Promise.resolve([]),
    proxy: undefined,
    userAgent: 'headgate',
    ...options,
  });
  opened.push(() => outbound.close());
  return outbound;
}

function allow(...texts: readonly string[]) {
  const allowance = parseAllowance(texts);
  if ('wrong' in allowance) {
    throw new Error(`${allowance.wrong} is no allowance`);
  }
  return allowance;
}

async function serve(handler: Handler): Promise<TestServer> {
  const server = await startHttpServer(handler);
  opened.push(() => server.stop());
  return server;
}

function ask(outbound: GuardedRequests, request: Partial<OutboundRequest> & { readonly url: string }) {
  return outbound.send({ what: 'ask the veto', method: 'GET', ...request }, AbortSignal.timeout(10_000));
}

async function failureOf(
  outbound: GuardedRequests,
  request: Partial<OutboundRequest> & { readonly url: string },
): Promise<OperationError> {
  const error = await ask(outbound, request).catch((one: unknown) => one);
  if (!(error instanceof OperationError)) {
    throw new Error(`no failure, but ${JSON.stringify(error)}`);
  }
  return error;
}
