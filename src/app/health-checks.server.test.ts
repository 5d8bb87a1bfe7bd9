/** Checks that Apps bring along for some kinds, on a real API server. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { helmReleases, installForeignKinds } from '../../test/crds/foreign-kinds.ts';
import { connectTo } from '../../test/kube/server-fixtures.ts';
import { openRuntimeStage, type RuntimeStage } from '../../test/runtime-stage.ts';
import { apps, type ProductObject } from '../adapters/cluster/kinds.ts';
import type { KubeObject } from '../kube/objects.ts';
import { configMaps } from '../kube/resource-types.ts';
import type { HealthCheckWire } from '../resources/health-check.ts';

let folder: string;
let stage: RuntimeStage;

beforeAll(async () => {
  const client = await connectTo(inject('kubeconfig'));
  await installForeignKinds(client);
  await client.close();
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-checks-'));
  stage = await openRuntimeStage(inject('kubeconfig'), { sourceFolder: folder });
});

afterEach(async () => {
  await stage.stop();
  await rm(folder, { recursive: true, force: true });
});

async function write(app: string, ...objects: object[]): Promise<void> {
  await mkdir(join(folder, app), { recursive: true });
  await writeFile(join(folder, app, 'all.yaml'), objects.map((one) => JSON.stringify(one)).join('\n---\n'));
  await stage.clock.advance(6_000);
}

const map = (name: string, data: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });

async function createApp(name: string, check: Omit<HealthCheckWire, 'apiVersion' | 'kind'>, kind = 'ConfigMap') {
  const apiVersion = kind === 'ConfigMap' ? 'v1' : 'helm.toolkit.fluxcd.io/v2';
  const spec = {
    interval: '5s',
    sources: [{ name: 'files', folder: { path: name } }],
    deploy: { manifests: {} },
    health: { timeout: '60s', stableFor: '0s', checks: [{ apiVersion, kind, ...check }] },
  };
  await stage.client.create<ProductObject>(apps, { metadata: { namespace: stage.namespace, name }, spec });
}

async function untilPhase(app: string, sequence: number, phase: string, message = /^/): Promise<void> {
  await stage.until(async () => {
    const found = (await stage.updatesOf(app)).find(({ spec }) => spec.sequence === sequence);
    expect(found?.status?.phase, JSON.stringify(found?.status)).toBe(phase);
    expect(JSON.stringify(found?.status)).toMatch(message);
  });
}

test('a version whose check says that it failed goes back, also of a kind that has no health otherwise', async () => {
  await write('web', map('web', { state: 'well' }));
  await createApp('web', { failed: "data.state == 'broken'", current: "data.state == 'well'" });
  await untilPhase('web', 1, 'Succeeded');

  await write('web', map('web', { state: 'broken' }));
  await untilPhase('web', 2, 'RolledBack', /its check failed is true/);

  const { data } = await stage.client.get<KubeObject & { data?: object }>(configMaps, {
    namespace: stage.namespace,
    name: 'web',
  });
  expect(data).toEqual({ state: 'well' });
});

test('an object without the fields that its check asks for is waited for, and the message names them', async () => {
  await write('web', {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name: 'web' },
    spec: { interval: '5m', chart: { spec: { chart: 'web', version: '1.0.0' } } },
  });
  await createApp('web', { current: 'status.observedGeneration > 0' }, 'HelmRelease');
  await untilPhase(
    'web',
    1,
    'Watching',
    /its check current \(status.observedGeneration > 0\): No such key: observedGeneration|Unknown variable: status/,
  );

  const name = { namespace: stage.namespace, name: 'web' };
  await stage.client.patch(
    helmReleases,
    name,
    { kind: 'merge', body: { status: { observedGeneration: 1 } } },
    { subresource: 'status' },
  );

  await untilPhase('web', 1, 'Succeeded');
});

test('two Apps judge the same kind each by their own check', async () => {
  await write('even', map('even', { count: '2' }));
  await write('odd', map('odd', { count: '3' }));
  await createApp('even', { failed: 'int(data.count) % 2 == 1', current: 'true' });
  await createApp('odd', { failed: 'int(data.count) % 2 == 0', current: 'true' });

  await untilPhase('even', 1, 'Succeeded');
  await untilPhase('odd', 1, 'Succeeded');
});

test('an expression that cannot be used makes the App wait for a person, and names it', async () => {
  await write('web', map('web', {}));
  await createApp('web', { current: 'data.state ==' });

  await stage.until(async () => {
    const { status } = await stage.app('web');
    expect(JSON.stringify(status)).toContain('spec.health.checks[0].current');
  });
});
