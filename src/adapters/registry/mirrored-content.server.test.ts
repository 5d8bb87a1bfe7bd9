/** Charts, artifacts and signatures by way of mirrors that are real registries with other contents than the origin. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Image } from '../../../scripts/oci/image.ts';
import { pushImage } from '../../../scripts/oci/push.ts';
import { makeFluxArtifact } from '../../../test/servers/artifact.ts';
import { type RunningRegistry, reader, startRegistry } from '../../../test/servers/registry.ts';
import type { ArtifactPlace } from '../../engine/ports/artifacts.ts';
import { createRegistryClient, type RegistryClient } from './client.ts';
import { withMirroredContent } from './mirrored-content.ts';
import type { Mirroring } from './mirrored-registry.ts';

const never = new AbortController().signal;
const artifact = makeFluxArtifact({ 'a.yaml': 'a: 1\n' });
const other = makeFluxArtifact({ 'a.yaml': 'a: 2\n' });

let origin: RunningRegistry;
let mirror: RunningRegistry;
let client: RegistryClient;
let problems: string[];
let sequence = 0;

beforeAll(async () => {
  [origin, mirror] = await Promise.all([startRegistry(), startRegistry()]);
});

afterAll(async () => {
  await Promise.all([origin.stop(), mirror.stop()]);
});

beforeEach(() => {
  sequence += 1;
  problems = [];
  client = createRegistryClient({ clock: { now: () => new Date() }, timeoutMs: 2_000 });
});

afterEach(() => client.close());

test('what has a digest is asked of the mirror, what can change of the origin', async () => {
  await push(origin, 'latest', other);
  await push(origin, '1.0.0', artifact);
  await push(mirror, 'latest', artifact);
  const content = open('Before');

  const byTag = await content.findArtifact(place(), 'latest', never);
  expect(byTag?.digest).toBe(other.root.digest);
  const byDigest = await content.findArtifact(place(), artifact.root.digest, never);
  const layer = byDigest?.layers[0];
  await content.fetchBlob(place(), { descriptor: layer ?? fail(), maxBytes: 10_000 }, never);
  await content.readManifest(place(), artifact.root.digest, never);
  await content.listReferrers(place(), artifact.root.digest, never);

  const hex = artifact.root.digest;
  const asked = async (registry: RunningRegistry) =>
    (await readsOf(registry)).map((path) => path.replace(/^.*?artifact-\d+\//, ''));
  await expect.poll(() => asked(mirror)).toEqual([`manifests/${hex}`, `blobs/${layer?.digest}`, `manifests/${hex}`]);
  expect(await asked(origin)).toEqual(['manifests/latest', `referrers/${hex}`, `manifests/${hex.replace(':', '-')}`]);
});

test('what a mirror does not have is asked of the origin', async () => {
  await push(origin, '1.0.0', artifact);
  const content = open('Before');

  expect((await content.findArtifact(place(), artifact.root.digest, never))?.digest).toBe(artifact.root.digest);
  expect(problems).toEqual([]);
});

test('a mirror that is away costs one attempt, and is told', async () => {
  await push(origin, '1.0.0', artifact);
  const content = open('Before', { registry: '127.0.0.1:9', prefix: '', insecure: true });

  for (let round = 0; round < 3; round += 1) {
    expect(await content.readManifest(place(), artifact.root.digest, never)).toBeDefined();
  }
  expect(problems).toEqual(['127.0.0.1:9 REGISTRY_UNREACHABLE']);
});

test('a substitute is asked for everything, and the origin never', async () => {
  await push(mirror, 'latest', artifact);
  const content = open('Instead');

  expect((await content.findArtifact(place(), 'latest', never))?.digest).toBe(artifact.root.digest);
  expect(await content.listReferrers(place(), artifact.root.digest, never)).toEqual([]);
  expect(await content.readManifest(place(), 'gone', never)).toBeUndefined();
  expect(await readsOf(origin)).toEqual([]);
});

function open(where: Mirroring['place'], endpoint = { registry: mirror.host, prefix: '', insecure: true }) {
  return withMirroredContent(client, {
    clock: { now: () => new Date() },
    mirrorings: [{ host: origin.host, place: where, endpoint }],
    mirrors: client,
    onProblem: (name, error) => problems.push(`${name} ${error?.code ?? 'answers'}`),
  });
}

function place(): ArtifactPlace {
  return {
    repository: { registry: origin.host, path: `artifact-${sequence}` },
    access: { insecure: true, credentials: reader },
  };
}

async function push(registry: RunningRegistry, tag: string, image: Image): Promise<void> {
  await pushImage(image, { host: registry.host, repository: `artifact-${sequence}`, tag, insecure: true });
}

async function readsOf(registry: RunningRegistry): Promise<readonly string[]> {
  const log = await registry.accessLog();
  return log
    .filter(({ method, path }) => method === 'GET' && path.includes(`artifact-${sequence}/`))
    .map(({ path }) => path.split('?')[0] ?? '');
}

function fail(): never {
  throw new Error('the artifact has no layer');
}
