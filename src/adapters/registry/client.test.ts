import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../test/cluster/certificates.ts';
import {
  digestOf,
  type HostileRegistry,
  honestManifest,
  manyTags,
  startHostileRegistry,
} from '../../../test/servers/hostile-registry.ts';
import { sendJson, startHttpServer } from '../../../test/servers/http-server.ts';
import { isOperationError } from '../../core/errors.ts';
import { createRegistryClient, type RegistryClient } from './client.ts';

const credentials = { username: 'robot', password: 'hunter2:with"odd/signs' };
const insecure = { insecure: true };
const never = new AbortController().signal;

let registry: HostileRegistry;
let client: RegistryClient;
let now: Date;

beforeAll(async () => {
  registry = await startHostileRegistry();
});

afterAll(async () => {
  await registry.stop();
});

beforeEach(() => {
  now = new Date('2026-01-01T00:00:00Z');
  client = createRegistryClient({ clock: { now: () => now }, timeoutMs: 800 });
});

afterEach(async () => {
  await client.close();
});

describe('listTags', () => {
  test.each([
    ['honest', ['1.0.0', '1.1.0']],
    ['empty-list', []],
    ['null-tags', []],
    ['link-wrong-scheme', ['1.0.0', '2.0.0']],
  ])('of %s answers %j', async (path, tags) => {
    expect(await listTags(path)).toEqual(tags);
  });

  test('reads all pages, however few tags the registry gives at once', async () => {
    const before = registry.requests.length;

    expect(await listTags('paged')).toEqual(manyTags);

    expect(registry.requests.slice(before).map(({ path }) => path)).toEqual([
      '/v2/paged/tags/list?n=10000',
      '/v2/paged/tags/list?n=1000&last=1.9.99',
      '/v2/paged/tags/list?n=1000&last=1.19.99',
    ]);
  });

  test.each([
    ['partial-pages', 'REGISTRY_UNREACHABLE', '500 Internal Server Error (UNKNOWN: storage is away)'],
    ['broken-off-page', 'REGISTRY_UNREACHABLE', 'broke off'],
    ['endless-links', 'REGISTRY_ANSWER_INVALID', 'more than 400 pages'],
    ['too-many-tags', 'REGISTRY_ANSWER_INVALID', 'more than 200000 tags'],
    ['link-loop', 'REGISTRY_ANSWER_INVALID', 'links back to an earlier page'],
    ['link-elsewhere', 'REGISTRY_ANSWER_INVALID', 'the next page is linked at localhost'],
    ['not-json', 'REGISTRY_ANSWER_INVALID', 'a page of the list is not JSON'],
    ['no-tags', 'REGISTRY_ANSWER_INVALID', 'a page of the list has no "tags"'],
    ['odd-tag', 'REGISTRY_ANSWER_INVALID', String.raw`a page of the list has "a\u0000b" for a tag`],
    ['number-tag', 'REGISTRY_ANSWER_INVALID', 'a page of the list has 1 for a tag'],
    ['huge-body', 'REGISTRY_ANSWER_INVALID', 'answers with more than 8388608 bytes'],
    ['huge-error', 'REGISTRY_UNREACHABLE', '500 Internal Server Error'],
    ['slow-drip', 'REGISTRY_UNREACHABLE', 'gave no whole answer within 0.8 s'],
    ['silent', 'REGISTRY_UNREACHABLE', 'gave no whole answer within 0.8 s'],
    ['hangs-up', 'REGISTRY_UNREACHABLE', 'broke off'],
    ['no-http', 'REGISTRY_ANSWER_INVALID', 'does not speak HTTP'],
    ['redirect-loop', 'REGISTRY_ANSWER_INVALID', 'more than 5 redirects'],
    ['redirect-nowhere', 'REGISTRY_ANSWER_INVALID', 'redirects to what is no http address'],
    ['broken', 'REGISTRY_UNREACHABLE', '503 Service Unavailable (UNAVAILABLE: try later)'],
    ['teapot', 'REGISTRY_ANSWER_INVALID', "418 I'm a Teapot"],
    ['forbidden', 'REGISTRY_DENIED', '403 Forbidden (DENIED: requested access is denied); no credentials were given'],
    ['always-401', 'REGISTRY_DENIED', '401 Unauthorized (UNAUTHORIZED: authentication required); no credentials'],
    ['missing', 'REGISTRY_NOT_FOUND', '404 Not Found (NAME_UNKNOWN: repository name not known to registry)'],
    ['token-elsewhere-plain', 'REGISTRY_ANSWER_INVALID', 'sends for a token to what is no https address'],
  ])('of %s fails with %s: %s', async (path, code, part) => {
    const error = await failureOf(listTags(path));

    expect(error).toMatchObject({ code, retry: 'backoff', context: { repository: `${registry.host}/${path}` } });
    expect(error.message.startsWith(`list tags of ${registry.host}/${path}: `)).toBe(true);
    expect(error.message).toContain(part);
  });

  test('tells a host that does not resolve by its name', async () => {
    const repository = { registry: 'nosuch.example', path: 'app' };

    const error = await failureOf(client.listTags(repository, { insecure: false }, never));

    expect(error).toMatchObject({ code: 'REGISTRY_UNREACHABLE', retry: 'backoff' });
    expect(error.message).toMatch(/^list tags of nosuch\.example\/app: host nosuch\.example does not resolve/);
  });

  test('tells a port on which nothing listens', async () => {
    const gone = await startHttpServer(() => undefined);
    await gone.stop();

    const error = await failureOf(client.listTags({ registry: gone.host, path: 'app' }, insecure, never));

    expect(error.message).toBe(`list tags of ${gone.host}/app: host 127.0.0.1 refuses the connection`);
  });

  test('passes the reason of an abort on', async () => {
    const controller = new AbortController();
    const listing = client.listTags({ registry: registry.host, path: 'silent' }, insecure, controller.signal);
    controller.abort(new Error('shutting down'));

    await expect(listing).rejects.toThrow('shutting down');
  });

  test('ends at once when the client is closed', async () => {
    const patient = createRegistryClient({ clock: { now: () => now }, timeoutMs: 60_000 });
    const listing = failureOf(patient.listTags({ registry: registry.host, path: 'silent' }, insecure, never));
    await patient.close();

    expect((await listing).code).toBe('REGISTRY_UNREACHABLE');
  });
});

describe('findDigest', () => {
  const digest = digestOf(honestManifest);

  test.each([
    ['honest', ['HEAD']],
    ['no-digest-header', ['HEAD', 'GET']],
    ['no-head', ['HEAD', 'GET']],
  ])('of %s asks %j', async (path, methods) => {
    const before = registry.requests.length;

    expect(await client.findDigest({ registry: registry.host, path }, '1.0.0', insecure, never)).toBe(digest);

    expect(registry.requests.slice(before).map((request) => request.method)).toEqual(methods);
  });

  test('of a hundred tags keeps its connections', async () => {
    const server = await startHttpServer((_, response) => {
      response.writeHead(200, { 'docker-content-digest': digest }).end();
    });

    for (let patch = 0; patch < 100; patch += 1) {
      await client.findDigest({ registry: server.host, path: 'app' }, `1.0.${patch}`, insecure, never);
    }
    await server.stop();

    expect(server.requests.length).toBe(100);
    expect(server.connections).toBeLessThanOrEqual(8);
  });

  test('answers undefined for a tag that is not there', async () => {
    const repository = { registry: registry.host, path: 'missing' };

    expect(await client.findDigest(repository, '1.0.0', insecure, never)).toBeUndefined();
  });
});

describe('findImage', () => {
  test('reads the platform of an image without index from its configuration', async () => {
    const digest = digestOf(honestManifest);

    expect(await findImage('honest', '1.0.0')).toEqual({
      digest,
      platforms: [{ os: 'linux', architecture: 'amd64', digest }],
    });
  });

  test.each([
    ['wrong-digest', '1.0.0', 'what came has digest'],
    ['honest', digestOf('another image'), 'what came has digest'],
    ['wrong-config', '1.0.0', 'what came has digest'],
    ['odd-manifest', '1.0.0', 'what came is neither an index nor a manifest'],
    ['not-json', '1.0.0', 'the manifest is not JSON'],
    ['huge-body', '1.0.0', 'answers with more than 4194304 bytes'],
  ])('of %s %s fails: %s', async (path, tagOrDigest, part) => {
    const error = await failureOf(findImage(path, tagOrDigest));

    expect(error.code).toBe('REGISTRY_ANSWER_INVALID');
    expect(error.message).toContain(part);
  });

  test('answers undefined for an image that is not there', async () => {
    expect(await findImage('missing', '1.0.0')).toBeUndefined();
  });
});

describe('a rate limit', () => {
  test.each([
    ['rate-limited', 17_000],
    ['rate-limited-silently', 60_000],
  ])('of %s is kept for %i ms, over all its repositories', async (path, retryAfterMs) => {
    const error = await failureOf(listTags(path));
    expect(error).toMatchObject({ code: 'REGISTRY_RATE_LIMITED', retry: 'after', retryAfterMs });

    now = new Date(now.getTime() + 5_000);
    const before = registry.requests.length;
    const next = await failureOf(listTags('honest'));

    expect(next).toMatchObject({ code: 'REGISTRY_RATE_LIMITED', retry: 'after', retryAfterMs: retryAfterMs - 5_000 });
    expect(next.message).toContain('not asked');
    expect(registry.requests.length).toBe(before);
  });

  test('ends with its time, and is for one identity', async () => {
    await failureOf(listTags('rate-limited'));

    const other = { registry: registry.host, path: 'honest' };
    expect(await client.listTags(other, { insecure: true, credentials }, never)).toHaveLength(2);
    now = new Date(now.getTime() + 17_000);
    expect(await listTags('honest')).toHaveLength(2);
  });
});

describe('credentials', () => {
  const access = { insecure: true, credentials };

  test('do not follow a redirect to another origin', async () => {
    const before = registry.elsewhere.requests.length;
    const basic = await startBasicRegistry((_, response, url) => {
      response.writeHead(307, { location: `${registry.elsewhere.origin}${url.pathname}` }).end();
    });

    const tags = await client.listTags({ registry: basic.host, path: 'app' }, access, never);
    await basic.stop();

    expect(tags).toEqual(['6.6.6']);
    expect(registry.elsewhere.requests.slice(before).map((request) => request.authorization)).toEqual([undefined]);
  });

  test('stay with a redirect to the same origin', async () => {
    const basic = await startBasicRegistry((request, response, url) => {
      if (url.searchParams.has('again')) {
        sendJson(response, { tags: [request.headers.authorization === undefined ? 'anonymous' : 'authorized'] });
      } else {
        response.writeHead(302, { location: '?again=1' }).end();
      }
    });

    const tags = await client.listTags({ registry: basic.host, path: 'app' }, access, never);
    await basic.stop();

    expect(tags).toEqual(['authorized']);
  });

  test('are not told to a token server that the target of a redirect names', async () => {
    const before = registry.elsewhere.requests.length;

    const error = await failureOf(listTags('redirect-challenge', access));

    expect(error.code).toBe('REGISTRY_DENIED');
    expect(registry.elsewhere.requests.slice(before)).toEqual([
      expect.objectContaining({ path: '/challenge', authorization: undefined }),
    ]);
  });

  test('do not come back in an error, however the registry repeats them', async () => {
    const error = await failureOf(listTags('echo', access));

    expect(error.code).toBe('REGISTRY_DENIED');
    expect(error.message).toContain('you sent Basic [redacted], that is robot:[redacted] X: y');
    expect(error.message).not.toContain(credentials.password);
  });

  test('that are not enough are tried once', async () => {
    const before = registry.requests.length;

    const error = await failureOf(listTags('always-401', access));

    expect(error.message).toContain('the credentials given do not open it');
    expect(registry.requests.slice(before)).toHaveLength(2);
  });

  test('of Basic are sent without a second 401 from then on', async () => {
    const basic = await startBasicRegistry((_, response) => sendJson(response, { tags: [] }));
    const repository = { registry: basic.host, path: 'app' };

    await client.listTags(repository, access, never);
    await client.listTags(repository, access, never);
    await basic.stop();

    expect(basic.requests.map((request) => request.authorization !== undefined)).toEqual([false, true, true]);
  });
});

test('a token that the registry takes no longer is replaced, once', async () => {
  let valid = 0;
  const server = await startHttpServer((request, response, url) => {
    if (url.pathname === '/token') {
      valid += 1;
      sendJson(response, { access_token: `token-${valid}`, expires_in: 3_600 });
    } else if (request.headers.authorization === `Bearer token-${valid}`) {
      sendJson(response, { tags: [`token-${valid}`] });
    } else {
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${url.origin}/token",service="s"` }).end();
    }
  });
  const repository = { registry: server.host, path: 'org/app' };

  const first = await client.listTags(repository, insecure, never);
  valid = 7;
  const second = await client.listTags(repository, insecure, never);
  await server.stop();

  expect([first, second]).toEqual([['token-1'], ['token-8']]);
  expect(server.requests.map(({ path }) => path)).toEqual([
    '/v2/org/app/tags/list?n=10000',
    '/token?service=s&scope=repository%3Aorg%2Fapp%3Apull',
    '/v2/org/app/tags/list?n=10000',
    '/v2/org/app/tags/list?n=10000',
    '/token?service=s&scope=repository%3Aorg%2Fapp%3Apull',
    '/v2/org/app/tags/list?n=10000',
  ]);
});

describe('TLS', () => {
  const authority = createAuthority('test');
  const certificate = authority.issue({ commonName: 'registry', hosts: ['127.0.0.1'] });

  test.each([
    ['its own CA', authority.certificate, undefined, undefined],
    ['no CA', undefined, 'REGISTRY_UNREACHABLE', 'is not trusted'],
    ['another CA', createAuthority('other').certificate, 'REGISTRY_UNREACHABLE', 'is not trusted'],
    ['a bundle that is none', 'garbage', 'SECRET_INVALID', 'the CA bundle holds no PEM certificate'],
  ])('with %s', async (_, caBundle, code, part) => {
    const server = await startHttpServer((__, response) => sendJson(response, { tags: ['1.0.0'] }), certificate);
    const access = { insecure: false, ...(caBundle === undefined ? {} : { caBundle }) };

    const listing = client.listTags({ registry: server.host, path: 'app' }, access, never);

    if (code === undefined) {
      expect(await listing).toEqual(['1.0.0']);
    } else {
      expect(await failureOf(listing)).toMatchObject({ code, message: expect.stringContaining(part ?? '') });
    }
    await server.stop();
  });

  test('is not left for plain http by a redirect', async () => {
    const server = await startHttpServer((_, response) => {
      response.writeHead(307, { location: `${registry.origin}/v2/honest/tags/list` }).end();
    }, certificate);
    const access = { insecure: false, caBundle: authority.certificate };

    const error = await failureOf(client.listTags({ registry: server.host, path: 'app' }, access, never));
    await server.stop();

    expect(error.message).toContain('redirects from https to http');
  });

  test('where only http is spoken is told', async () => {
    const error = await failureOf(
      client.listTags({ registry: registry.host, path: 'honest' }, { insecure: false }, never),
    );

    expect(error.code).toBe('REGISTRY_UNREACHABLE');
    expect(error.message).toContain('does not speak TLS; if plain http is meant, set insecure');
  });
});

async function startBasicRegistry(inner: Parameters<typeof startHttpServer>[0]) {
  return await startHttpServer(async (request, response, url) => {
    const expected = `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
    if (request.headers.authorization === expected) {
      await inner(request, response, url);
    } else {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="test"' }).end();
    }
  });
}

function listTags(path: string, access: Parameters<RegistryClient['listTags']>[1] = insecure) {
  return client.listTags({ registry: registry.host, path }, access, never);
}

function findImage(path: string, tagOrDigest: string) {
  return client.findImage({ registry: registry.host, path }, tagOrDigest, insecure, never);
}

async function failureOf(promise: Promise<unknown>) {
  const error: unknown = await promise.then(
    () => new Error('it went well'),
    (reason: unknown) => reason,
  );
  if (!isOperationError(error)) {
    throw error;
  }
  return error;
}
