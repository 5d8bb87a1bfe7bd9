/** Checks that Apps bring along for some kinds, on a real API server. */
import { afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { helmReleases, installForeignKinds } from '../../../test/crds/foreign-kinds.ts';
import { packChart } from '../../../test/helm/charts.ts';
import { connectTo, createConfigMap } from '../../../test/kube/server-fixtures.ts';
import { configMap, type FolderApps, openFolderApps } from '../../../test/manifests/folder-apps.ts';
import { pushVersions } from '../../../test/runtime-stage.ts';
import { startChartRepository } from '../../../test/servers/chart-repository.ts';
import { startRegistry } from '../../../test/servers/registry.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { configMaps } from '../../kube/resource-types.ts';
import type { HealthCheckWire } from '../../resources/app/health-check.ts';

let play: FolderApps;

beforeAll(async () => {
  const client = await connectTo(inject('kubeconfig'));
  await installForeignKinds(client);
  await client.close();
});

beforeEach(async () => {
  play = await openFolderApps(inject('kubeconfig'));
});

afterEach(() => play.stop());

async function createApp(name: string, check: Omit<HealthCheckWire, 'apiVersion' | 'kind'>, kind = 'ConfigMap') {
  const apiVersion = kind === 'ConfigMap' ? 'v1' : 'helm.toolkit.fluxcd.io/v2';
  const health = { timeout: '60s', stableFor: '0s', checks: [{ apiVersion, kind, ...check }] };
  await play.create(name, { health });
}

test('a version whose check says that it failed goes back, also of a kind that has no health otherwise', async () => {
  const { client, namespace } = play.stage;
  await play.write('web', { 'a.yaml': configMap('web', { state: 'well' }) });
  await createApp('web', { failed: "data.state == 'broken'", current: "data.state == 'well'" });
  await play.untilPhase('web', 1, 'Succeeded');

  await play.write('web', { 'a.yaml': configMap('web', { state: 'broken' }) });
  await play.untilPhase('web', 2, 'RolledBack', /its check failed is true/);

  const { data } = await client.get<KubeObject & { data?: object }>(configMaps, { namespace, name: 'web' });
  expect(data).toEqual({ state: 'well' });
});

test('an object without the fields that its check asks for is waited for, and the message names them', async () => {
  const { client, namespace } = play.stage;
  const release = {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name: 'web' },
    spec: { interval: '5m', chart: { spec: { chart: 'web', version: '1.0.0' } } },
  };
  await play.write('web', { 'a.json': JSON.stringify(release) });
  await createApp('web', { current: 'status.observedGeneration > 0' }, 'HelmRelease');
  const says = /current \(status.observedGeneration > 0\): (Unknown variable: status|No such key: observedGeneration)/;
  await play.untilPhase('web', 1, 'Watching', says);

  await client.patch(
    helmReleases,
    { namespace, name: 'web' },
    { kind: 'merge', body: { status: { observedGeneration: 1 } } },
    { subresource: 'status' },
  );

  await play.untilPhase('web', 1, 'Succeeded');
});

test('two Apps judge the same kind each by their own check', async () => {
  await play.write('even', { 'a.yaml': configMap('even', { count: '2' }) });
  await play.write('odd', { 'a.yaml': configMap('odd', { count: '3' }) });
  await createApp('even', { failed: 'int(data.count) % 2 == 1', current: 'true' });
  await createApp('odd', { failed: 'int(data.count) % 2 == 0', current: 'true' });

  await play.untilPhase('even', 1, 'Succeeded');
  await play.untilPhase('odd', 1, 'Succeeded');
});

test('an expression that cannot be used makes the App wait for a person, and names it', async () => {
  await play.write('web', { 'a.yaml': configMap('web', {}) });
  await createApp('web', { current: 'data.state ==' });

  await play.stage.until(async () => {
    const { status } = await play.stage.app('web');
    expect(JSON.stringify(status)).toContain('spec.health.checks[0].current');
  });
});

test('of the objects of a Helm release', async () => {
  const { client, namespace } = play.stage;
  const charts = await startChartRepository();
  try {
    const publish = async (version: string, state: string) => {
      const files = { 'templates/a.yaml': configMap('web', { state }) };
      charts.add({ name: 'demo', version, archive: await packChart({ version, files }) });
    };
    await publish('1.0.0', 'well');
    const check = { apiVersion: 'v1', kind: 'ConfigMap', failed: "data.state == 'broken'", current: 'true' };
    await play.create('web', {
      sources: [{ name: 'demo', chart: { repository: charts.url, name: 'demo', insecure: true } }],
      deploy: { helm: { chart: { source: 'demo' } } },
      health: { timeout: '60s', stableFor: '0s', checks: [check] },
    });
    await play.untilPhase('web', 1, 'Succeeded');

    await publish('1.1.0', 'broken');
    await play.stage.clock.advance(6_000);
    await play.untilPhase('web', 2, 'RolledBack', /ConfigMap\/web.*its check failed is true/);

    const { data } = await client.get<KubeObject & { data?: object }>(configMaps, { namespace, name: 'web' });
    expect(data).toEqual({ state: 'well' });
  } finally {
    await charts.stop();
  }
}, 60_000);

test('of the object whose field is patched', async () => {
  const { client, namespace } = play.stage;
  const registry = await startRegistry();
  try {
    await pushVersions(registry.host, 'web', ['1.0.0', '1.1.0']);
    await createConfigMap(client, namespace, 'web', { tag: '1.0.0' });
    const image = { repository: `${registry.host}/web`, insecure: true, policy: { semver: { range: '1.x' } } };
    const check = { apiVersion: 'v1', kind: 'ConfigMap', failed: "data.tag == '1.1.0'", current: 'true' };
    await play.create('web', {
      sources: [{ name: 'web', image }],
      deploy: {
        patch: { targets: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'web', path: 'data.tag', source: 'web' }] },
      },
      health: { timeout: '60s', stableFor: '0s', checks: [check] },
    });

    await play.untilPhase('web', 1, 'RolledBack', /its check failed is true/);

    const { data } = await client.get<KubeObject & { data?: object }>(configMaps, { namespace, name: 'web' });
    expect(data).toEqual({ tag: '1.0.0' });
  } finally {
    await registry.stop();
  }
});
