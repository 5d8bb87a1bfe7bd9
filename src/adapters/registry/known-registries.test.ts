/** Each registry that people use has its own ways; the handlers of test/servers/known-registries.ts have them too. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type KnownRegistries, knownDigest, startKnownRegistries } from '../../../test/servers/known-registries.ts';
import { parseRepository } from '../../core/image/reference.ts';
import type { RegistryAccess } from '../../engine/ports/registry.ts';
import { createRegistryClient, type RegistryClient } from './client.ts';

const never = new AbortController().signal;

let known: KnownRegistries;
let client: RegistryClient;

beforeAll(async () => {
  known = await startKnownRegistries();
});

afterAll(() => known.stop());

beforeEach(() => {
  known.asked.length = 0;
  const proxy = { https: known.proxy.url, http: undefined, exempt: '' };
  client = createRegistryClient({ clock: { now: () => new Date() }, timeoutMs: 5_000, proxy });
});

afterEach(() => client.close());

const ecr = '123456789012.dkr.ecr.eu-central-1.amazonaws.com';
const hundred = (major: number) => Array.from({ length: 100 }, (_, at) => `${major}.${at}.0`);

describe('tags', () => {
  test.each([
    ['docker.io, by its short name', 'alpine', undefined, ['3.22', '3.22.1']],
    ['docker.io, by its long name', 'index.docker.io/org/app', undefined, ['3.22', '3.22.1']],
    ['ghcr.io, in pages', 'ghcr.io/org/app', undefined, ['1.0.0', '1.1.0']],
    ['quay.io, in pages of its own size', 'quay.io/org/app', undefined, [...hundred(1), ...hundred(2)]],
    ['GitLab, with a deploy token', 'registry.gitlab.com/group/sub/app', 'deploy-token:secret', ['16.0']],
    ['Harbor, which names no scope', 'harbor.example.com/shop/web', 'robot$shop+ci:secret', ['1.0.0', '1.0.1']],
    ['ECR, which refuses large pages', `${ecr}/web`, 'AWS:token', ['1', '2']],
    ['ACR, whose links have empty parameters', 'shop.azurecr.io/web', undefined, ['a', 'b']],
    ['GAR, which lists manifests too', 'europe-docker.pkg.dev/shop/web/app', 'oauth2accesstoken:ya29', ['1.0.0']],
  ])('of %s', async (_, repository, login, tags) => {
    expect(await client.listTags(parseRepository(repository), accessOf(login), never)).toEqual(tags);
  });
});

describe('digest and platform', () => {
  test.each([
    ['docker.io', 'alpine', undefined],
    ['ghcr.io', 'ghcr.io/org/app', undefined],
    ['quay.io', 'quay.io/org/app', undefined],
    ['GitLab', 'registry.gitlab.com/group/sub/app', 'deploy-token:secret'],
    ['Harbor', 'harbor.example.com/shop/web', 'robot$shop+ci:secret'],
    ['ECR', `${ecr}/web`, 'AWS:token'],
    ['ACR', 'shop.azurecr.io/web', undefined],
    ['GAR', 'europe-docker.pkg.dev/shop/web/app', 'oauth2accesstoken:ya29'],
    ['one that names no digest', 'old.example.com/app', undefined],
  ])('of %s', async (_, repository, login) => {
    const place = parseRepository(repository);
    const platforms = [{ os: 'linux', architecture: 'arm64', variant: 'v8', digest: knownDigest }];

    expect(await client.findDigest(place, '1', accessOf(login), never)).toBe(knownDigest);
    expect(await client.findImage(place, '1', accessOf(login), never)).toEqual({ digest: knownDigest, platforms });
  });
});

describe('what is not there', () => {
  test.each([
    [
      'ghcr.io/org/nosuch',
      undefined,
      'REGISTRY_DENIED: 403 Forbidden (DENIED: requested access to the resource is denied)',
    ],
    ['quay.io/org/nosuch', undefined, 'REGISTRY_DENIED: 401 Unauthorized (UNAUTHORIZED: authentication required)'],
    ['registry.gitlab.com/a/b', undefined, 'REGISTRY_DENIED: 403 Forbidden (DENIED: access forbidden)'],
    [
      'harbor.example.com/shop/no',
      undefined,
      'REGISTRY_DENIED: 401 Unauthorized (UNAUTHORIZED: authentication required)',
    ],
    [
      `${ecr}/nosuch`,
      'AWS:token',
      "REGISTRY_NOT_FOUND: 404 Not Found (NAME_UNKNOWN: The repository with name 'nosuch'",
    ],
  ])('%s, signed in with %s, is %s', async (repository, login, says) => {
    const listing = client.listTags(parseRepository(repository), accessOf(login), never);

    const [code, part] = says.split(': ', 1).concat(says.slice(says.indexOf(': ') + 2));
    await expect(listing).rejects.toMatchObject({ code, message: expect.stringContaining(part ?? '') });
  });

  test.each(['alpine', 'ghcr.io/org/app', 'quay.io/org/app', 'shop.azurecr.io/web'])(
    'a tag of %s',
    async (repository) => {
      expect(
        await client.findDigest(parseRepository(repository), 'missing', accessOf(undefined), never),
      ).toBeUndefined();
    },
  );
});

test('Docker Hub is asked at its real hosts, and where its blobs are nothing is told', async () => {
  await client.findImage(parseRepository('alpine'), '3.22', accessOf(undefined), never);

  expect(known.asked.map((line) => line.replace(/sha256:.*/, 'DIGEST').replace(/scope=.*/, 'scope=SCOPE'))).toEqual([
    'GET registry-1.docker.io/v2/library/alpine/manifests/3.22',
    'GET auth.docker.io/token?service=registry.docker.io&scope=SCOPE',
    'GET registry-1.docker.io/v2/library/alpine/manifests/3.22 +',
    'GET registry-1.docker.io/v2/library/alpine/blobs/DIGEST',
    'GET production.cloudfront.docker.com/v2/library/alpine/blobs/DIGEST',
  ]);
  expect(known.asked[1]).toContain('scope=repository%3Alibrary%2Falpine%3Apull');
});

test('ECR is asked for small pages from then on', async () => {
  const place = parseRepository(`${ecr}/web`);
  await client.listTags(place, accessOf('AWS:token'), never);
  known.asked.length = 0;

  await client.listTags(place, accessOf('AWS:token'), never);

  expect(known.asked).toEqual([
    `GET ${ecr}/v2/web/tags/list?n=1000 +`,
    `GET ${ecr}/v2/web/tags/list?n=1000&next_token=abc%3D%3D +`,
  ]);
});

function accessOf(login: string | undefined): RegistryAccess {
  const [username = '', password = ''] = login?.split(':') ?? [];
  const common = { insecure: false, caBundle: known.authority };
  return login === undefined ? common : { ...common, credentials: { username, password } };
}
