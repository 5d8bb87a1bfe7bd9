import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../test/cluster/certificates.ts';
import { type ConnectProxy, startConnectProxy } from '../../../test/servers/connect-proxy.ts';
import { sendJson, startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { proxyFor } from '../../network/proxy.ts';
import { createRegistryClient } from './client.ts';

const never = new AbortController().signal;
const authority = createAuthority('behind the proxy');
const names = ['registry.test', 'auth.registry.test'];
const certificate = authority.issue({ commonName: 'registry.test', hosts: names });

describe('proxyFor', () => {
  test.each([
    ['https://ghcr.io/v2/', '', 'https'],
    ['http://ghcr.io/v2/', '', 'http'],
    ['https://ghcr.io/v2/', 'quay.io', 'https'],
    ['https://ghcr.io/v2/', 'ghcr.io', 'none'],
    ['https://ghcr.io/v2/', 'quay.io, GHCR.io', 'none'],
    ['https://ghcr.io./v2/', 'ghcr.io', 'none'],
    ['https://a.example.com/', 'example.com', 'none'],
    ['https://a.example.com/', '.example.com', 'none'],
    ['https://a.example.com/', '*.example.com', 'none'],
    ['https://badexample.com/', 'example.com', 'https'],
    ['https://example.com/', 'a.example.com', 'https'],
    ['https://ghcr.io/', '*', 'none'],
    ['https://ghcr.io/', 'ghcr.io:443', 'none'],
    ['https://ghcr.io/', 'ghcr.io:5000', 'https'],
    ['http://registry:5000/', 'registry:5000', 'none'],
    ['https://10.1.2.3/', '10.0.0.0/8', 'none'],
    ['https://11.1.2.3/', '10.0.0.0/8', 'https'],
    ['https://10.1.2.3/', '10.1.2.3', 'none'],
    ['https://10.1.2.3/', '10.0.0.0/99', 'https'],
    ['https://[fd00::1]/', 'fd00::/8', 'none'],
    ['https://[fd00::1]:5000/', '[fd00::1]:5000', 'none'],
    ['https://[fd00::1]/', '10.0.0.0/8', 'https'],
    ['https://localhost:5000/', '', 'none'],
    ['https://127.0.0.1:5000/', '', 'none'],
    ['http://169.254.169.254/', '', 'none'],
    ['http://[::1]/', '', 'none'],
    ['https://ghcr.io/', ',,  .', 'https'],
  ])('of %s with NO_PROXY %j is %s', (url, exempt, expected) => {
    const settings = { https: 'https', http: 'http', exempt };

    expect(proxyFor(new URL(url), settings) ?? 'none').toBe(expected);
  });

  test('is none where none is set', () => {
    expect(proxyFor(new URL('https://ghcr.io/'), undefined)).toBeUndefined();
    expect(proxyFor(new URL('https://ghcr.io/'), { http: 'http', https: undefined, exempt: '' })).toBeUndefined();
  });
});

describe('a registry that is reached only through the proxy', () => {
  let registry: TestServer;
  let proxy: ConnectProxy;

  beforeEach(async () => {
    registry = await startHttpServer((request, response, url) => {
      if (url.pathname === '/token') {
        sendJson(response, { token: 'let-me-in' });
      } else if (request.headers.authorization === 'Bearer let-me-in') {
        sendJson(response, { tags: ['1.0.0'] });
      } else {
        const realm = 'Bearer realm="https://auth.registry.test/token",service="s"';
        response.writeHead(401, { 'www-authenticate': realm }).end();
      }
    }, certificate);
    const routes = { 'registry.test:443': registry.host, 'auth.registry.test:443': registry.host };
    proxy = await startConnectProxy(routes, `Basic ${Buffer.from('me:p@ss').toString('base64')}`);
  });

  afterEach(async () => {
    await Promise.all([registry.stop(), proxy.stop()]);
  });

  const list = async (https: string, exempt = '', host = 'registry.test') => {
    const settings = { http: undefined, https, exempt };
    const client = createRegistryClient({ clock: { now: () => new Date() }, timeoutMs: 2_000, proxy: settings });
    const access = { insecure: false, caBundle: authority.certificate };
    try {
      return await client.listTags({ registry: host, path: 'app' }, access, never);
    } finally {
      await client.close();
    }
  };

  test('is reached by CONNECT, and so is its token server', async () => {
    const signedIn = proxy.url.replace('//', '//me:p%40ss@');

    expect(await list(signedIn)).toEqual(['1.0.0']);
    expect(proxy.requests.slice(0, 2)).toEqual(['CONNECT registry.test:443', 'CONNECT auth.registry.test:443']);
  });

  test.each([
    ['of the wrong password', 'me:hunter2', 'registry.test', '407'],
    ['of a host that it does not let through', 'me:p%40ss', 'elsewhere.test', '502'],
  ])('says because %s what the proxy answered', async (_, login, host, status) => {
    const error = await list(proxy.url.replace('//', `//${login}@`), '', host).catch((one: unknown) => one);

    expect(error).toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    expect(String(error)).toContain(`the proxy does not connect to ${host}`);
    expect(String(error)).toContain(status);
    expect(String(error)).not.toContain('hunter2');
  });

  test('is not reached where NO_PROXY names it', async () => {
    const error = await list(proxy.url, 'registry.test').catch((one: unknown) => one);

    expect(String(error)).toContain('host registry.test does not resolve');
    expect(proxy.requests).toEqual([]);
  });

  test('says when the proxy itself is away', async () => {
    await proxy.stop();

    const error = await list(proxy.url).catch((one: unknown) => one);

    expect(error).toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    expect(String(error)).toContain('refuses the connection');
  });
});

test('plain http goes through the proxy by whole addresses', async () => {
  const registry = await startHttpServer((_, response) => sendJson(response, { tags: ['1.0.0'] }));
  const proxy = await startConnectProxy({ 'registry.test:80': registry.host });
  const settings = { http: proxy.url, https: undefined, exempt: '' };
  const client = createRegistryClient({ clock: { now: () => new Date() }, proxy: settings });

  expect(await client.listTags({ registry: 'registry.test', path: 'app' }, { insecure: true }, never)).toEqual([
    '1.0.0',
  ]);
  expect(proxy.requests).toEqual(['GET http://registry.test/v2/app/tags/list?n=10000']);
  await Promise.all([client.close(), registry.stop(), proxy.stop()]);
});
