/** Mirrors that are real registries with other contents than the origin: ahead, behind, empty, broken. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Image, makeImage } from '../../../scripts/oci/image.ts';
import { pushImage, tagImage } from '../../../scripts/oci/push.ts';
import { type HostileRegistry, startHostileRegistry } from '../../../test/servers/hostile-registry.ts';
import { type RunningRegistry, reader, startRegistry } from '../../../test/servers/registry.ts';
import type { Registry, RegistryAccess } from '../../engine/ports/registry.ts';
import { createRegistryClient, type RegistryClient } from './client.ts';
import { type Mirroring, withMirrors } from './mirrored-registry.ts';

const never = new AbortController().signal;
const access: RegistryAccess = { insecure: true, credentials: reader };

let origin: RunningRegistry;
let mirror: RunningRegistry;
let hostile: HostileRegistry;
let client: RegistryClient;
let mirrors: RegistryClient;
let now: Date;
let problems: string[];
let first: Image;
let second: Image;
let name = 0;

beforeAll(async () => {
  [origin, mirror, hostile] = await Promise.all([startRegistry(), startRegistry(), startHostileRegistry()]);
  [first, second] = ['one', 'two'].map((text) =>
    makeImage({ platform: { os: 'linux', architecture: 'amd64' }, config: { Entrypoint: [text] }, layers: [] }),
  ) as [Image, Image];
});

afterAll(async () => {
  await Promise.all([origin.stop(), mirror.stop(), hostile.stop()]);
});

beforeEach(() => {
  now = new Date('2026-01-01T00:00:00Z');
  problems = [];
  name += 1;
  client = createRegistryClient({ clock: { now: () => now }, timeoutMs: 2_000 });
  mirrors = createRegistryClient({ clock: { now: () => now }, timeoutMs: 500 });
});

afterEach(async () => {
  await Promise.all([client.close(), mirrors.close()]);
});

const repository = () => ({ registry: origin.host, path: `app${name}` });

describe('before its origin, a mirror', () => {
  test('is asked in its place once both have said the same', async () => {
    await push(origin, 'latest', first);
    await push(mirror, 'latest', first);
    const registry = open(endpoint(mirror));
    await askAll(registry);

    for (let check = 0; check < 3; check += 1) {
      expect(await askAll(registry)).toEqual({ tags: ['latest'], digest: first.root.digest });
    }

    await expect.poll(reads).toEqual({
      origin: ['GET tags', 'HEAD manifests'],
      mirror: ['GET tags', 'HEAD manifests', 'GET tags', 'HEAD manifests', 'GET tags', 'HEAD manifests'],
    });
  });

  test('that lags behind brings nobody back', async () => {
    await push(origin, 'latest', second);
    await push(origin, '1.1.0', second);
    await push(mirror, 'latest', first);
    const registry = open(endpoint(mirror));

    for (let check = 0; check < 3; check += 1) {
      const { tags, digest } = await askAll(registry);
      expect([...tags].sort()).toEqual(['1.1.0', 'latest']);
      expect(digest).toBe(second.root.digest);
    }
  });

  test('that lags behind while the origin is away is not believed', async () => {
    await push(mirror, 'latest', first);
    const gone = { registry: '127.0.0.1:1', path: `app${name}` };
    const registry = open(endpoint(mirror), gone.registry);

    await expect(registry.findDigest(gone, 'latest', access, never)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
    });
    await expect(registry.listTags(gone, access, never)).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
  });

  test('that knew of a change first makes the origin be asked', async () => {
    await push(origin, 'latest', first);
    await push(mirror, 'latest', first);
    const registry = open(endpoint(mirror));
    await askAll(registry);
    await push(origin, 'latest', second);
    await push(mirror, 'latest', second);

    expect(await askAll(registry)).toMatchObject({ digest: second.root.digest });
  });

  test('that stands still hides a change for an hour at most', async () => {
    await push(origin, 'latest', first);
    await push(mirror, 'latest', first);
    const registry = open(endpoint(mirror));
    await askAll(registry);
    await push(origin, 'latest', second);

    now = new Date(now.getTime() + 3_599_000);
    expect(await askAll(registry)).toMatchObject({ digest: first.root.digest });
    now = new Date(now.getTime() + 1_000);
    expect(await askAll(registry)).toMatchObject({ digest: second.root.digest });
  });

  test('gives images by digest, and never by tag', async () => {
    await push(origin, 'latest', second);
    await push(mirror, 'latest', first);
    await push(mirror, 'second', second);
    const registry = open(endpoint(mirror));

    const image = await registry.findImage(repository(), 'latest', access, never);

    expect(image?.digest).toBe(second.root.digest);
    expect(image?.platforms).toEqual([{ os: 'linux', architecture: 'amd64', digest: second.root.digest }]);
    await expect.poll(reads).toEqual({ origin: ['HEAD manifests'], mirror: ['GET manifests', 'GET blobs'] });
  });

  test('that lacks an image leaves it to the origin', async () => {
    await push(origin, 'latest', second);
    const registry = open(endpoint(mirror));

    expect(await registry.findImage(repository(), 'latest', access, never)).toMatchObject({
      digest: second.root.digest,
    });
    expect(problems).toEqual([]);
  });

  test('is never told the credentials of its origin', async () => {
    await push(origin, 'latest', first);
    const registry = open({ registry: hostile.host, prefix: 'echo', insecure: true });
    const before = hostile.requests.length;
    await askAll(registry);
    await askAll(registry);

    expect(hostile.requests.length).toBeGreaterThan(before);
    expect(hostile.requests.slice(before).filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  });

  test.each(['not-json', 'wrong-digest', 'huge-body', 'silent', 'hangs-up', 'redirect-loop', 'broken', 'forbidden'])(
    'that is %s changes nothing',
    async (behaviour) => {
      await push(origin, 'latest', first);
      const registry = open({ registry: hostile.host, prefix: behaviour, insecure: true });

      for (let check = 0; check < 2; check += 1) {
        expect(await askAll(registry)).toEqual({ tags: ['latest'], digest: first.root.digest });
        expect(await registry.findImage(repository(), 'latest', access, never)).toMatchObject({
          digest: first.root.digest,
          platforms: [{ os: 'linux', architecture: 'amd64' }],
        });
      }
    },
  );

  test('that fails is left alone for half a minute, then for longer, and told once', async () => {
    await push(origin, 'latest', first);
    const registry = open({ registry: hostile.host, prefix: 'hangs-up', insecure: true });
    const before = hostile.requests.length;
    const check = async (afterMs: number) => {
      now = new Date(now.getTime() + afterMs);
      await registry.findDigest(repository(), 'latest', access, never);
      return hostile.requests.length - before;
    };

    expect([await check(0), await check(0), await check(29_000), await check(2_000), await check(31_000)]).toEqual([
      0, 1, 1, 2, 2,
    ]);
    expect(problems).toEqual([`${hostile.host}/hangs-up: REGISTRY_UNREACHABLE`]);
  });
});

describe('in place of its origin, a mirror', () => {
  test('is the registry, and the origin is never asked', async () => {
    await push(mirror, 'latest', first, `hub/app${name}`);
    const away = { registry: 'docker.io', path: `app${name}` };
    const registry = open({ ...endpoint(mirror), prefix: 'hub' }, 'docker.io', 'Instead');

    expect(await registry.listTags(away, access, never)).toEqual(['latest']);
    expect(await registry.findDigest(away, 'latest', access, never)).toBe(first.root.digest);
    expect(await registry.findDigest(away, '9.9.9', access, never)).toBeUndefined();
    expect(await registry.findImage(away, 'latest', access, never)).toMatchObject({ digest: first.root.digest });
  });

  test('is followed by the next where it fails or lacks something', async () => {
    await push(mirror, 'latest', first);
    const away = { registry: 'docker.io', path: `app${name}` };
    const broken = { registry: '127.0.0.1:1', prefix: '', insecure: true };
    const mirrorings = [broken, endpoint(origin), endpoint(mirror)].map(
      (one): Mirroring => ({ host: 'docker.io', place: 'Instead', endpoint: one }),
    );
    const registry = withMirrors(client, {
      clock: { now: () => now },
      mirrorings,
      mirrors,
      onProblem: () => undefined,
    });

    expect(await registry.findDigest(away, 'latest', access, never)).toBe(first.root.digest);
  });

  test('that fails is an error', async () => {
    const registry = open({ registry: hostile.host, prefix: 'broken', insecure: true }, 'docker.io', 'Instead');

    await expect(registry.listTags({ registry: 'docker.io', path: 'app' }, access, never)).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringContaining(`${hostile.host}/broken/app`),
    });
  });
});

test('other hosts are asked as ever', async () => {
  await push(origin, 'latest', first);
  const registry = open({ registry: hostile.host, prefix: 'broken', insecure: true }, 'docker.io', 'Instead');

  expect(await askAll(registry)).toEqual({ tags: ['latest'], digest: first.root.digest });
});

function endpoint({ host }: RunningRegistry): Mirroring['endpoint'] {
  return { registry: host, prefix: '', insecure: true };
}

function open(at: Mirroring['endpoint'], host = origin.host, place: Mirroring['place'] = 'Before'): Registry {
  return withMirrors(client, {
    clock: { now: () => now },
    mirrorings: [{ host, place, endpoint: at }],
    mirrors,
    onProblem: (one, error) => problems.push(`${one}: ${error?.code ?? 'well again'}`),
  });
}

async function askAll(registry: Registry) {
  return {
    tags: await registry.listTags(repository(), access, never),
    digest: await registry.findDigest(repository(), 'latest', access, never),
  };
}

async function push(to: RunningRegistry, tag: string, image: Image, path = `app${name}`): Promise<void> {
  const target = { host: to.host, repository: path, tag, insecure: true };
  await pushImage(image, target);
  await tagImage(image, target);
}

/** What was read of the test's repository; the log is written after the answer, so the caller polls. */
async function reads() {
  const of = async (registry: RunningRegistry) => {
    const lines = await registry.accessLog();
    return lines
      .filter(({ path }) => path.includes(`/app${name}/`))
      .filter(({ method, path }) => method === 'GET' || (method === 'HEAD' && path.includes('/manifests/')))
      .map(({ method, path }) => `${method} ${path.split('/')[3]}`);
  };
  return { origin: await of(origin), mirror: await of(mirror) };
}
