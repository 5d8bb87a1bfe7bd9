import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { makeImage } from '../../../scripts/oci/image.ts';
import { pushImage } from '../../../scripts/oci/push.ts';
import { makeArtifact, makeFluxArtifact, makeHelmArtifact, packFiles } from '../../../test/servers/artifact.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { parseRepository } from '../../core/image/reference.ts';
import type { ArtifactPlace } from '../../engine/ports/artifacts.ts';
import { createChartClient } from '../registry/charts/charts.ts';
import { createRegistryClient, type RegistryClient } from '../registry/client.ts';
import { createArtifacts } from './artifacts.ts';

const never = new AbortController().signal;
const clock = { now: () => new Date() };

let server: RunningRegistry;
let registry: RegistryClient;

beforeAll(async () => {
  server = await startRegistry();
});

afterAll(() => server.stop());

beforeEach(() => {
  registry = createRegistryClient({ clock });
});

afterEach(() => registry.close());

test('the files of a pushed artifact are read by its digest', async () => {
  const place = placeOf('flux/app');
  const digest = await push('flux/app', 'v1', makeFluxArtifact({ 'a.yaml': 'a\n', 'deploy/b.yaml': 'b\n' }));

  expect(await registry.findDigest(place.repository, 'v1', place.access, never)).toBe(digest);
  const tree = await createArtifacts({ registry }).readTree(place, { digest, path: 'deploy' }, never);
  expect(tree.files.map(({ path, content }) => [path, content.toString()])).toEqual([['deploy/b.yaml', 'b\n']]);
});

test.each([
  {
    what: 'an image',
    image: () => makeArtifact({ ...emptyConfig, layerType: 'application/octet-stream', layer: Buffer.from('x') }),
    message: 'its first layer is application/octet-stream',
  },
  {
    what: 'no archive',
    image: () =>
      makeArtifact({
        ...emptyConfig,
        layerType: 'application/vnd.cncf.flux.content.v1.tar+gzip',
        layer: Buffer.from('x'),
      }),
    message: 'no gzip archive',
  },
  { what: 'nothing at the path', image: () => makeFluxArtifact({ other: 'x' }), message: 'nothing at "deploy"' },
])('$what is ARTIFACT_INVALID', async ({ image, message }) => {
  const digest = await push('flux/odd', 'v1', image());

  await expect(
    createArtifacts({ registry }).readTree(placeOf('flux/odd'), { digest, path: 'deploy' }, never),
  ).rejects.toMatchObject({ code: 'ARTIFACT_INVALID', message: expect.stringContaining(message) });
});

test('a layer larger than the bound is not fetched', async () => {
  const digest = await push('flux/large', 'v1', makeFluxArtifact({ a: String(Math.random()).repeat(100) }));
  const bounded = createArtifacts({ registry, maxLayerBytes: 10 });

  await expect(bounded.readTree(placeOf('flux/large'), { digest, path: '' }, never)).rejects.toMatchObject({
    code: 'REGISTRY_ANSWER_INVALID',
  });
  const log = await server.accessLog();
  expect(log.filter(({ method, path }) => method === 'GET' && path.startsWith('/v2/flux/large/blobs'))).toEqual([]);
});

test('a chart in a registry is known by its versions, digest and Chart.yaml, and fetched', async () => {
  const archive = packFiles({ 'web/Chart.yaml': 'name: web\n' });
  const chart = { name: 'web', version: '1.2.0+b.1', appVersion: '7.1', kubeVersion: '>=1.25.0-0' };
  const digest = await push('charts/web', '1.2.0_b.1', makeHelmArtifact(chart, archive));
  const charts = createChartClient({ registry, clock });
  const { repository, access } = placeOf('charts/web');
  const place = { location: { kind: 'Oci', repository }, access } as const;

  expect(await charts.listVersions(place, never)).toEqual(['1.2.0+b.1']);
  expect(await charts.findVersion(place, '1.2.0+b.1', never)).toEqual({
    version: '1.2.0+b.1',
    digest,
    appVersion: '7.1',
    kubeVersion: '>=1.25.0-0',
    created: '2026-05-01T10:00:00Z',
    deprecated: false,
  });
  expect(await charts.findVersion(place, '9.9.9', never)).toBeUndefined();
  expect(await charts.fetchArchive(place, { version: '1.2.0+b.1', digest }, never)).toEqual(archive);
  await charts.close();
});

test('an image is no chart', async () => {
  await push('charts/image', '1.0.0', makeImage({ layers: [[]], config: { Entrypoint: ['/x'] }, platform }));
  const charts = createChartClient({ registry, clock });
  const { repository, access } = placeOf('charts/image');

  await expect(
    charts.findVersion({ location: { kind: 'Oci', repository }, access }, '1.0.0', never),
  ).rejects.toMatchObject({ code: 'CHART_INVALID', message: expect.stringContaining('it is no Helm chart') });
  await charts.close();
});

const platform = { os: 'linux', architecture: 'amd64' };
const emptyConfig = { configType: 'application/vnd.oci.empty.v1+json', config: Buffer.from('{}') };

function placeOf(path: string): ArtifactPlace {
  return { repository: parseRepository(`${server.host}/${path}`), access: { insecure: true } };
}

async function push(repository: string, tag: string, image: Parameters<typeof pushImage>[0]): Promise<string> {
  return await pushImage(image, { host: server.host, repository, tag, insecure: true });
}
