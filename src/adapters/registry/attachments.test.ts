/** Referrers, manifests and blobs from registries of every manner, good and bad, over real http. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Handler, startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { createRegistryClient } from './client.ts';

const image = `sha256:${'a'.repeat(64)}`;
const one = `sha256:${'1'.repeat(64)}`;
const two = `sha256:${'2'.repeat(64)}`;
const indexType = 'application/vnd.oci.image.index.v1+json';
const never = new AbortController().signal;
const client = createRegistryClient({ clock: { now: () => new Date() } });

let server: TestServer;
let asked: string[] = [];

beforeAll(async () => {
  server = await startHttpServer(async (request, response, url) => {
    const [, , name = '', ...rest] = url.pathname.split('/');
    asked.push(`${rest.join('/')}${url.search}`);
    await behaviours[name]?.(request, response, url);
  });
});

afterAll(async () => {
  await Promise.all([client.close(), server.stop()]);
});

const index = (...manifests: unknown[]) => JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests });
const bundle = (digest: string) => ({ digest, artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json' });
const answer = (body: string, headers: Readonly<Record<string, string>> = { 'content-type': indexType }): Handler => {
  return (_, response) => {
    response.writeHead(200, headers).end(body);
  };
};
const fail = (status: number): Handler => {
  return (_, response) => {
    response.writeHead(status).end('{}');
  };
};
/** One answer for the API, another for the tag that stands in for it. */
const parted = (api: Handler, tag: Handler): Handler => {
  return (request, response, url) => (url.pathname.includes('/referrers/') ? api : tag)(request, response, url);
};

const behaviours: Readonly<Record<string, Handler>> = {
  api: parted(answer(index(bundle(one), bundle(two))), fail(500)),
  pages: parted((_, response, url) => {
    const isLast = url.searchParams.has('last');
    const link = isLast ? {} : { link: `<https://elsewhere.test/v2/other/path?last=${one}>; rel="next"` };
    response.writeHead(200, { 'content-type': indexType, ...link }).end(index(bundle(isLast ? two : one)));
  }, fail(500)),
  endless: parted((_, response) => {
    response.writeHead(200, { 'content-type': indexType, link: '<?last=x>; rel="next"' }).end(index(bundle(one)));
  }, fail(500)),
  tag: parted(fail(404), answer(index(bundle(one)))),
  'tag-with-manners': parted(fail(405), answer(index(bundle(one)))),
  none: fail(404),
  'page-of-a-proxy': parted(answer('<html>', { 'content-type': 'text/html' }), answer(index(bundle(one)))),
  'other-tag': parted(fail(404), answer('{"config": {}, "layers": []}')),
  junk: parted(
    answer(
      index(null, 7, { digest: 'sha256:short' }, { ...bundle(one), artifactType: 7, annotations: { a: 'b', c: 7 } }),
    ),
    fail(500),
  ),
  broken: fail(500),
  garbage: answer('{"manifests":'),
  'no-list': answer('{}'),
  'wrong-digest': answer('other bytes'),
  large: answer('x'.repeat(2_000)),
  blob: answer('blob'),
};

function place(path: string) {
  return { repository: { registry: new URL(server.origin).host, path }, access: { insecure: true } };
}

const known = (digest: string) => ({ ...bundle(digest), annotations: {} });

test.each([
  { path: 'api', found: [known(one), known(two)], requests: [`referrers/${image}`] },
  {
    path: 'pages',
    found: [known(one), known(two)],
    requests: [`referrers/${image}`, `referrers/${image}?last=${one}`],
  },
  { path: 'tag', found: [known(one)], requests: [`referrers/${image}`, `manifests/sha256-${'a'.repeat(64)}`] },
  {
    path: 'tag-with-manners',
    found: [known(one)],
    requests: [`referrers/${image}`, `manifests/sha256-${'a'.repeat(64)}`],
  },
  { path: 'none', found: [], requests: [`referrers/${image}`, `manifests/sha256-${'a'.repeat(64)}`] },
  {
    path: 'page-of-a-proxy',
    found: [known(one)],
    requests: [`referrers/${image}`, `manifests/sha256-${'a'.repeat(64)}`],
  },
  { path: 'other-tag', found: [], requests: [`referrers/${image}`, `manifests/sha256-${'a'.repeat(64)}`] },
  {
    path: 'junk',
    found: [{ digest: one, artifactType: undefined, annotations: { a: 'b' } }],
    requests: [`referrers/${image}`],
  },
])('referrers of "$path"', async ({ path, found, requests }) => {
  asked = [];

  expect(await client.listReferrers(place(path), image, never)).toEqual(found);
  expect(asked).toEqual(requests);
});

test('a list without end is cut', async () => {
  asked = [];

  expect(await client.listReferrers(place('endless'), image, never)).toHaveLength(20);
  expect(asked).toHaveLength(20);
});

test.each([
  { path: 'broken', code: 'REGISTRY_UNREACHABLE' },
  { path: 'garbage', code: 'REGISTRY_ANSWER_INVALID' },
  { path: 'no-list', code: 'REGISTRY_ANSWER_INVALID' },
])('referrers of "$path" are no empty list but $code', async ({ path, code }) => {
  await expect(client.listReferrers(place(path), image, never)).rejects.toMatchObject({ code });
});

test.each([
  { path: 'none', code: 'REGISTRY_NOT_FOUND' },
  { path: 'broken', code: 'REGISTRY_UNREACHABLE' },
  { path: 'wrong-digest', code: 'REGISTRY_ANSWER_INVALID' },
  { path: 'large', code: 'REGISTRY_ANSWER_INVALID' },
])('a blob of "$path" is $code', async ({ path, code }) => {
  await expect(client.readBlob(place(path), { digest: one, maxBytes: 1_000 }, never)).rejects.toMatchObject({ code });
});

test('a blob and a manifest are what their digest says', async () => {
  const digest = `sha256:${createHash('sha256').update('blob').digest('hex')}`;

  expect((await client.readBlob(place('blob'), { digest, maxBytes: 4 }, never)).toString()).toBe('blob');
  expect(await client.readManifest(place('blob'), 'tag', never)).toMatchObject({ digest });
  expect(await client.readManifest(place('none'), 'tag', never)).toBeUndefined();
  await expect(client.readManifest(place('blob'), one, never)).rejects.toMatchObject({
    code: 'REGISTRY_ANSWER_INVALID',
  });
});
