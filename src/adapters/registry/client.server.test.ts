import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Image, makeImage, makeIndex } from '../../../scripts/oci/image.ts';
import { pushImage, tagImage } from '../../../scripts/oci/push.ts';
import { createAuthority } from '../../../test/cluster/certificates.ts';
import { type RunningRegistry, reader, startRegistry } from '../../../test/servers/registry.ts';
import { startTokenServer, type TokenServer } from '../../../test/servers/token-server.ts';
import { parseRepository } from '../../core/image/reference.ts';
import type { RegistryAccess } from '../../engine/ports/registry.ts';
import { createRegistryClient, type RegistryClient } from './client.ts';

const never = new AbortController().signal;
const insecure: RegistryAccess = { insecure: true };
const wrong = { username: reader.username, password: 'wrong' };

let open: RunningRegistry;
let client: RegistryClient;
let now: Date;
let amd64: Image;
let arm64: Image;
let index: Image;

beforeAll(async () => {
  open = await startRegistry();
  amd64 = makeTestImage('amd64');
  arm64 = makeTestImage('arm64');
  index = makeIndex([amd64, arm64]);
  await push(amd64, 'app', '1.0.0');
  await push(index, 'app', '1.1.0');
  await push(amd64, 'public/app', '1.0.0');
});

afterAll(async () => {
  await open.stop();
});

beforeEach(() => {
  now = new Date();
  client = createRegistryClient({ clock: { now: () => now }, timeoutMs: 10_000 });
});

afterEach(async () => {
  await client.close();
});

describe('an open registry', () => {
  test('lists tags', async () => {
    expect(await listTags(open, insecure)).toEqual(['1.0.0', '1.1.0']);
  });

  test('of more tags than are asked for is listed completely', async () => {
    // Version 2.8 does not know n and answers all in one page.
    const tags = Array.from({ length: 1_100 }, (_, at) => `1.${Math.floor(at / 100)}.${at % 100}`);
    await push(amd64, 'many/app', tags[0] ?? '');
    const target = { host: open.host, repository: 'many/app', insecure: true };
    for (let start = 1; start < tags.length; start += 50) {
      await Promise.all(tags.slice(start, start + 50).map((tag) => tagImage(amd64, { ...target, tag })));
    }

    expect(await listSorted(`${open.host}/many/app`, insecure)).toEqual([...tags].sort());
  });

  test('tells digests by HEAD', async () => {
    const repository = parseRepository(`${open.host}/app`);
    const before = (await open.accessLog()).length;

    expect(await client.findDigest(repository, '1.0.0', insecure, never)).toBe(amd64.root.digest);
    expect(await client.findDigest(repository, '1.1.0', insecure, never)).toBe(index.root.digest);
    expect(await client.findDigest(repository, '9.9.9', insecure, never)).toBeUndefined();

    const log = await newLines(open, before, 3);
    expect(log.map(({ method, status }) => `${method} ${status}`)).toEqual(['HEAD 200', 'HEAD 200', 'HEAD 404']);
  });

  test('tells platforms of an index and of a plain image', async () => {
    const repository = parseRepository(`${open.host}/app`);
    const platforms = [amd64, arm64].map((image, at) => ({
      os: 'linux',
      architecture: at === 0 ? 'amd64' : 'arm64',
      digest: image.root.digest,
    }));

    const ofIndex = { digest: index.root.digest, platforms };
    expect(await client.findImage(repository, '1.1.0', insecure, never)).toEqual(ofIndex);
    expect(await client.findImage(repository, index.root.digest, insecure, never)).toEqual(ofIndex);
    const ofImage = { digest: amd64.root.digest, platforms: platforms.slice(0, 1) };
    expect(await client.findImage(repository, '1.0.0', insecure, never)).toEqual(ofImage);
    expect(await client.findImage(repository, '9.9.9', insecure, never)).toBeUndefined();
  });

  test('says which repository it does not know', async () => {
    await expect(client.listTags(parseRepository(`${open.host}/nosuch`), insecure, never)).rejects.toMatchObject({
      code: 'REGISTRY_NOT_FOUND',
      message: `list tags of ${open.host}/nosuch: 404 Not Found (NAME_UNKNOWN: repository name not known to registry)`,
    });
  });
});

describe('a registry with basic authentication and a certificate of its own', () => {
  const authority = createAuthority('registry authority');
  const tls = authority.issue({ commonName: 'registry', hosts: ['127.0.0.1'] });
  const access: RegistryAccess = { insecure: false, caBundle: authority.certificate };
  let closed: RunningRegistry;

  beforeAll(async () => {
    closed = await startRegistry({ storage: open.storage, tls, auth: { kind: 'basic' } });
  });

  afterAll(async () => {
    await closed.stop();
  });

  test('opens to its user and asks once', async () => {
    const before = (await closed.accessLog()).length;

    expect(await listTags(closed, { ...access, credentials: reader })).toEqual(['1.0.0', '1.1.0']);
    expect(await listTags(closed, { ...access, credentials: reader })).toEqual(['1.0.0', '1.1.0']);

    const log = await newLines(closed, before, 3);
    expect(log.map(({ status }) => status)).toEqual([401, 200, 200]);
  });

  test.each([
    ['nobody', access, 'REGISTRY_DENIED', 'no credentials were given'],
    ['a wrong password', { ...access, credentials: wrong }, 'REGISTRY_DENIED', 'the credentials given do not open it'],
    ['one who trusts nobody', { insecure: false }, 'REGISTRY_UNREACHABLE', 'is not trusted'],
  ])('is closed to %s', async (_, someAccess, code, part) => {
    await expect(listTags(closed, someAccess)).rejects.toMatchObject({ code, message: expect.stringContaining(part) });
  });
});

describe('a registry with a token server', () => {
  let tokens: TokenServer;
  let closed: RunningRegistry;

  beforeAll(async () => {
    tokens = await startTokenServer({ user: reader });
    closed = await startRegistry({ storage: open.storage, auth: { kind: 'token', ...tokens } });
  });

  afterAll(async () => {
    await closed.stop();
    await tokens.stop();
  });

  test('gives its user one token for all that is asked of a repository', async () => {
    const access = { insecure: true, credentials: reader };
    const repository = parseRepository(`${closed.host}/app`);
    const before = tokens.requests.length;

    expect(await listTags(closed, access)).toEqual(['1.0.0', '1.1.0']);
    expect(await client.findDigest(repository, '1.1.0', access, never)).toBe(index.root.digest);
    await Promise.all(Array.from({ length: 10 }, () => client.findImage(repository, '1.0.0', access, never)));

    expect(tokens.requests.length - before).toBe(1);
  });

  test('gives those who ask at once one token', async () => {
    const access = { insecure: true, credentials: reader };
    const repository = parseRepository(`${closed.host}/app`);
    const before = tokens.requests.length;

    await Promise.all(Array.from({ length: 10 }, () => client.listTags(repository, access, never)));

    expect(tokens.requests.length - before).toBe(1);
  });

  test('gives a new token when the old one is over', async () => {
    const access = { insecure: true, credentials: reader };
    const before = tokens.requests.length;

    await listTags(closed, access);
    now = new Date(now.getTime() + 295_000);
    await listTags(closed, access);

    expect(tokens.requests.length - before).toBe(2);
  });

  test('gives anybody what is public', async () => {
    const repository = parseRepository(`${closed.host}/public/app`);

    expect(await client.listTags(repository, insecure, never)).toEqual(['1.0.0']);
  });

  test('is closed to those who may not', async () => {
    await expect(listTags(closed, insecure)).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
      message: expect.stringContaining(
        '401 Unauthorized (UNAUTHORIZED: authentication required); no credentials were given',
      ),
    });
  });

  test('tells whose password is wrong', async () => {
    const error: unknown = await listTags(closed, { insecure: true, credentials: wrong }).catch((one: unknown) => one);

    expect(error).toMatchObject({ code: 'REGISTRY_DENIED' });
    expect(String(error)).toContain(
      `list tags of ${closed.host}/app: get token from ${tokens.host}: 401 Unauthorized (incorrect username or password)`,
    );
  });
});

test('a token that the registry does not take is a denial, and no second one is asked for', async () => {
  const tokens = await startTokenServer({ user: reader, expiresInSeconds: 3_600, validForSeconds: -120 });
  const closed = await startRegistry({ storage: open.storage, auth: { kind: 'token', ...tokens } });

  await expect(listTags(closed, { insecure: true, credentials: reader })).rejects.toMatchObject({
    code: 'REGISTRY_DENIED',
  });
  expect(tokens.requests.length).toBe(1);
  await closed.stop();
  await tokens.stop();
});

function listTags(registry: RunningRegistry, access: RegistryAccess) {
  return listSorted(`${registry.host}/app`, access);
}

/** This registry lists in the order of its file system. */
async function listSorted(name: string, access: RegistryAccess) {
  return [...(await client.listTags(parseRepository(name), access, never))].sort();
}

function push(image: Image, repository: string, tag: string) {
  return pushImage(image, { host: open.host, repository, tag, insecure: true });
}

/** The log is written after the answer is sent, so it is waited for. */
async function newLines(registry: RunningRegistry, before: number, count: number) {
  await expect.poll(async () => (await registry.accessLog()).length - before).toBeGreaterThanOrEqual(count);
  return (await registry.accessLog()).slice(before);
}

function makeTestImage(architecture: string): Image {
  return makeImage({ platform: { os: 'linux', architecture }, config: { Entrypoint: ['/app'] }, layers: [] });
}
