/** Age and platforms that a policy asks for, on a real registry and a real API server with nodes that nobody runs. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { makeImage } from '../../../scripts/oci/image.ts';
import { pushImage } from '../../../scripts/oci/push.ts';
import { createDeployment, openRuntimeStage, pushVersions, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import type { WrittenImagePolicy } from '../../core/policy/written-policy.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { deployments, nodes } from '../../kube/resource-types.ts';
import { decodeWorkload } from '../../resources/app/decode-workload.ts';

const minute = 60_000;

let registry: RunningRegistry;
let stage: RuntimeStage;

beforeAll(async () => {
  registry = await startRegistry();
});

afterAll(() => registry.stop());

beforeEach(async () => {
  stage = await openRuntimeStage(inject('kubeconfig'));
});

afterEach(() => stage.stop());

test('a version is taken when it is old enough, and a younger one does not hide it', async () => {
  await pushVersions(registry.host, 'aged', ['1.0.0', '1.1.0']);
  await putApp('aged', { semver: { range: '1.x' }, minimumAge: '1h' });
  await waitFor(
    'MinimumAge',
    /web stays on 1\.0\.0: 1\.1\.0 is not 1h old yet \(its age is unknown, and it was seen first at/,
  );
  const first = await stage.app('web');
  expect(first.status?.firstSeen).toMatchObject([
    { source: 'web', tag: '1.1.0', digest: expect.stringMatching(/^sha256:/) },
  ]);
  const dueMs = Date.parse(first.status?.firstSeen?.[0]?.at ?? '') + 60 * minute;
  // Times of waiting are whole seconds.
  expect(Date.parse(first.status?.waiting?.until ?? '')).toBe(Math.ceil(dueMs / 1_000) * 1_000);

  await pushVersions(registry.host, 'aged', ['1.2.0']);
  await stage.pass(30 * minute, 'web');
  expect((await stage.app('web')).status?.firstSeen?.map(({ tag }) => tag)).toEqual(['1.2.0', '1.1.0']);
  expect(await imageOf('web')).toBe(`${registry.host}/aged:1.0.0`);

  // Old enough is the former alone, by as long as it was seen before the other.
  await stage.pass(30 * minute + 1_000, 'web');
  await stage.until(async () => expect(await imageOf('web')).toMatch(/aged:1\.1\.0@sha256:/));
});

test('clocks go on where the process that set them has ended, and while the App is suspended', async () => {
  await pushVersions(registry.host, 'kept', ['1.0.0', '1.1.0']);
  await putApp('kept', { semver: { range: '1.x' }, minimumAge: '1h' });
  await waitFor('MinimumAge', /1\.1\.0 is not 1h old yet/);
  const { firstSeen, waiting } = (await stage.app('web')).status ?? {};
  await patchApp({ spec: { suspend: true } });
  await waitFor('Suspended', /suspend/);
  const { namespace, clock } = stage;
  await stage.stop();

  stage = await openRuntimeStage(inject('kubeconfig'), {
    namespace,
    start: new Date(clock.now().getTime() + 20 * minute),
  });
  await patchApp({ spec: { suspend: false } });

  await waitFor('MinimumAge', /1\.1\.0 is not 1h old yet/);
  expect((await stage.app('web')).status).toMatchObject({ firstSeen, waiting: { until: waiting?.until } });
});

test('a version is taken when it has an image for every node that its workload may come to', async () => {
  const { namespace } = stage;
  await pushVersions(registry.host, 'fit', ['1.0.0', '1.1.0']);
  const architecture = process.arch === 'x64' ? 'amd64' : 'arm64';
  const other = architecture === 'amd64' ? 'arm64' : 'amd64';
  await createNode(`${namespace}-own`, architecture);
  await createNode(`${namespace}-other`, other);
  await putApp('fit', { semver: { range: '1.x' }, platforms: ['Nodes'] });

  await waitFor(
    'PlatformMissing',
    new RegExp(`1\\.1\\.0 has no image for linux/${other} \\(it has linux/${architecture}\\)`),
  );
  await stage.pass(5 * minute, 'web');
  const pulls = (await registry.accessLog()).filter(
    ({ method, path }) => method === 'GET' && /\/fit\/manifests\//.test(path),
  );
  expect(pulls).toHaveLength(1);

  await stage.client.delete(nodes, { namespace: '', name: `${namespace}-other` });
  await stage.until(async () => {
    await stage.clock.advance(minute);
    expect(await imageOf('web')).toMatch(/fit:1\.1\.0@sha256:/);
  });
  await stage.client.delete(nodes, { namespace: '', name: `${namespace}-own` });
});

test('newer versions that are not taken are in the status with their reasons, and cost nothing while they stay the same', async () => {
  await pushVersions(registry.host, 'passed', ['1.0.0', '1.1.0', '1.2.0', '1.3.0', '2.0.0', '1.4.0-rc.1', '0.9.0']);
  await putApp('passed', { semver: { range: '1.x' }, exclude: ['^1[.]3[.]'], deadEnds: ['1.2.0'], minimumAge: '1h' });
  await waitFor('MinimumAge', /1\.1\.0 is not 1h old yet/);

  // Its first pass may be followed by one for what it wrote itself.
  await stage.pass(minute, 'web');
  const written = await stage.app('web');
  expect(written.status?.sources?.[0]).toMatchObject({ passedOverCount: 5 });
  expect(
    written.status?.sources?.[0]?.passedOver?.map(({ tag, reason, message }) => `${tag} ${reason}: ${message}`),
  ).toEqual([
    expect.stringMatching(/^1\.1\.0 MinimumAge: is not 1h old yet \(its age is unknown, and it was seen first at /),
    '2.0.0 OutsideRange: is outside 1.x',
    '1.4.0-rc.1 PreRelease: is a pre-release, and 1.x names none',
    '1.3.0 FilteredOut: matches ^1[.]3[.], which is excluded',
    '1.2.0 DeadEnd: is a dead end, which the policy never takes',
  ]);

  const before = stage.asked();
  await stage.pass(5 * minute, 'web');
  expect((await stage.app('web')).status).toEqual(written.status);
  expect(stage.asked()).toEqual(before);
});

test('the age that the maker tells counts only where the policy says so', async () => {
  const created = new Date(stage.clock.now().getTime() - 30 * minute).toISOString();
  await pushVersions(registry.host, 'made', ['1.0.0']);
  const layers = [[{ kind: 'file', path: 'a', content: Buffer.from('a') } as const]];
  const image = makeImage({
    layers,
    config: { Entrypoint: ['/a'] },
    platform: { os: 'linux', architecture: 'amd64' },
    created,
  });
  await pushImage(image, { host: registry.host, repository: 'made', tag: '1.1.0', insecure: true });
  await putApp('made', { semver: { range: '1.x' }, minimumAge: '1h', ageFrom: 'Created' });
  await waitFor('MinimumAge', /1\.1\.0 is not 1h old yet \(by its maker it was created at/);
  expect((await stage.app('web')).status?.firstSeen).toMatchObject([{ tag: '1.1.0', at: created, by: 'Created' }]);

  await patchApp({ spec: { sources: [await sourceWith({ ageFrom: 'FirstSeen' })] } });
  await waitFor('MinimumAge', /1\.1\.0 is not 1h old yet \(its age is unknown, and it was seen first at/);

  await patchApp({ spec: { sources: [await sourceWith({ ageFrom: 'Created' })] } });
  await waitFor('MinimumAge', /by its maker it was created at/);
  await stage.pass(31 * minute, 'web');
  await stage.until(async () => expect(await imageOf('web')).toMatch(/made:1\.1\.0@sha256:/));
});

async function sourceWith(change: object): Promise<object> {
  const [source] = (await stage.app('web')).spec.sources;
  return { ...source, image: { ...source?.image, policy: { ...source?.image?.policy, ...change } } };
}

/** The App `web` on a Deployment of its own name, which may only run on nodes of the test. */
async function putApp(repository: string, policy: WrittenImagePolicy): Promise<void> {
  const { client, namespace } = stage;
  await createDeployment(stage, 'web', `${registry.host}/${repository}:1.0.0`);
  const nodeSelector = { test: namespace };
  const body = { spec: { template: { spec: { nodeSelector } } } };
  await client.patch(deployments, { namespace, name: 'web' }, { kind: 'merge', body });
  const image = { repository: `${registry.host}/${repository}`, insecure: true, policy };
  const spec = {
    interval: '1m',
    sources: [{ name: 'web', image }],
    deploy: { workloads: { targets: [{ name: 'web' }] } },
  };
  await client.create<ProductObject>(apps, { metadata: { namespace, name: 'web' }, spec });
}

async function patchApp(body: object): Promise<void> {
  await stage.client.patch(apps, { namespace: stage.namespace, name: 'web' }, { kind: 'merge', body });
}

async function createNode(name: string, architecture: string): Promise<void> {
  const labels = { test: stage.namespace, 'kubernetes.io/arch': architecture, 'kubernetes.io/os': 'linux' };
  await stage.client.create<KubeObject>(nodes, { metadata: { name, labels } });
}

async function waitFor(reason: string, message: RegExp): Promise<void> {
  await stage.until(async () => {
    const { status } = await stage.app('web');
    expect(status?.waiting).toMatchObject({ reason, message: expect.stringMatching(message) });
  });
}

async function imageOf(name: string): Promise<string | undefined> {
  const object = await stage.client.get(deployments, { namespace: stage.namespace, name });
  return decodeWorkload('Deployment', object).containers[0]?.image;
}
