/** CRDs of charts and their subcharts: said before they are replaced, and back with the way back. */
import { afterEach, beforeEach, expect, inject, test, vi } from 'vitest';
import { packChart, settingsTemplate } from '../../../test/helm/charts.ts';
import { openRuntimeStage, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { type ChartRepository, startChartRepository } from '../../../test/servers/chart-repository.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import { rollBack } from '../../engine/update/roll-back.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { customResourceDefinitions } from '../../kube/resource-types.ts';
import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';

vi.setConfig({ testTimeout: 90_000 });

let repository: ChartRepository;
let stage: RuntimeStage;

beforeEach(async () => {
  repository = await startChartRepository();
  stage = await openRuntimeStage(inject('kubeconfig'));
});

afterEach(async () => {
  await stage.stop();
  await repository.stop();
});

const groupOf = (chart: string) => `${chart}.${stage.namespace}.example.com`;

/** Of kind Widget, in these versions, the last of which is stored. */
function definition(chart: string, versions: readonly string[]): string {
  const group = groupOf(chart);
  return JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
      versions: versions.map((name, index) => ({
        name,
        served: true,
        storage: index === versions.length - 1,
        schema: { openAPIV3Schema: { type: 'object' } },
      })),
    },
  });
}

async function publish(version: string, versions: readonly string[], extra: Readonly<Record<string, string>> = {}) {
  const files = {
    'templates/settings.yaml': settingsTemplate,
    'crds/widgets.yaml': definition('demo', versions),
    'charts/inner/Chart.yaml': 'apiVersion: v2\nname: inner\nversion: 0.1.0\n',
    'charts/inner/crds/widgets.yaml': definition('inner', versions),
    ...extra,
  };
  repository.add({ name: 'demo', version, archive: await packChart({ version, files }) });
}

async function untilEnded(count: number): Promise<UpdateObjectWire | undefined> {
  let last: UpdateObjectWire | undefined;
  await stage.until(async () => {
    const ended = (await stage.updatesOf('web')).filter(({ status }) => status?.finishedAt !== undefined);
    expect(ended).toHaveLength(count);
    last = ended.toSorted((left, right) => left.spec.sequence - right.spec.sequence).at(-1);
  });
  return last;
}

async function versionsOf(chart: string): Promise<readonly string[]> {
  const name = `widgets.${groupOf(chart)}`;
  const { spec } = await stage.client.get<KubeObject & { spec: { versions: { name: string }[] } }>(
    customResourceDefinitions,
    { namespace: '', name },
  );
  return spec.versions.map((version) => version.name);
}

const bad = { 'templates/bad.yaml': 'apiVersion: v1\nkind: Service\nmetadata: { name: Not_A_Name }\n' };

test('definitions of chart and subchart go back with the way back and by hand, and what cannot be taken back is said before', async () => {
  await publish('1.0.0', ['v1']);
  const chart = { repository: repository.url, name: 'demo', insecure: true };
  const spec = {
    interval: '1m',
    sources: [{ name: 'demo', chart }],
    deploy: { helm: { chart: { source: 'demo' }, crds: 'CreateReplace' as const } },
    health: { timeout: '5m', stableFor: '1s' },
    // What the API server would refuse is begun all the same.
    gates: { preflight: { checks: ['Health' as const] } },
  };
  await stage.client.create<ProductObject>(apps, { metadata: { namespace: stage.namespace, name: 'web' }, spec });
  await untilEnded(1);
  expect([await versionsOf('demo'), await versionsOf('inner')]).toEqual([['v1'], ['v1']]);

  await publish('1.1.0', ['v2', 'v1'], bad);
  await stage.pass(61_000, 'web');
  expect((await untilEnded(2))?.status).toMatchObject({ phase: 'RolledBack', helm: { oneWays: [] } });
  expect([await versionsOf('demo'), await versionsOf('inner')]).toEqual([['v1'], ['v1']]);

  await publish('1.2.0', ['v2', 'v1']);
  await stage.pass(61_000, 'web');
  expect((await untilEnded(3))?.status?.phase).toBe('Succeeded');
  expect([await versionsOf('demo'), await versionsOf('inner')]).toEqual([
    ['v2', 'v1'],
    ['v2', 'v1'],
  ]);
  const request = { namespace: stage.namespace, app: 'web', to: undefined, by: 'me', reason: 'too new' };
  await rollBack({ records: stage.runtime.records, clock: stage.clock }, request, AbortSignal.timeout(10_000));
  await untilEnded(4);
  expect([await versionsOf('demo'), await versionsOf('inner')]).toEqual([['v1'], ['v1']]);

  await publish('1.3.0', ['v1', 'v3']);
  await stage.pass(61_000, 'web');
  const stores = `stores objects as v3, which the former definition cannot read`;
  expect((await untilEnded(5))?.status).toMatchObject({
    helm: {
      oneWays: expect.arrayContaining([
        `CustomResourceDefinition widgets.${groupOf('demo')} ${stores}`,
        `CustomResourceDefinition widgets.${groupOf('inner')} ${stores}`,
      ]),
    },
    conditions: expect.arrayContaining([expect.objectContaining({ type: 'Reversible', status: 'False' })]),
  });
});

test('definitions that templates render are said before too: another stored version, and one that the chart has no more', async () => {
  const rendered = (chart: string, versions: readonly string[]) => ({
    [`templates/${chart}.yaml`]: `{{ if .Values.crds }}\n${definition(chart, versions)}\n{{ end }}\n`,
  });
  const kept = definition('kept', ['v1']).replace(
    '"metadata":{',
    '"metadata":{"annotations":{"helm.sh/resource-policy":"keep"},',
  );
  const add = async (version: string, files: Readonly<Record<string, string>>) => {
    const all = { 'templates/settings.yaml': settingsTemplate, ...files };
    repository.add({
      name: 'demo',
      version,
      archive: await packChart({ version, values: 'crds: true\n', files: all }),
    });
  };
  await add('1.0.0', { ...rendered('demo', ['v1']), ...rendered('gone', ['v1']), 'templates/kept.yaml': kept });
  const spec = {
    interval: '1m',
    sources: [{ name: 'demo', chart: { repository: repository.url, name: 'demo', insecure: true } }],
    deploy: { helm: { chart: { source: 'demo' } } },
    health: { timeout: '5m', stableFor: '1s' },
  };
  await stage.client.create<ProductObject>(apps, { metadata: { namespace: stage.namespace, name: 'web' }, spec });
  expect((await untilEnded(1))?.status).toMatchObject({ phase: 'Succeeded', helm: { oneWays: [] } });

  // Its object is of a kind that only comes with the CRDs of the chart: Helm renders it all the same.
  await add('1.1.0', {
    ...rendered('demo', ['v1', 'v2']),
    'crds/inner.yaml': definition('inner', ['v1']),
    'templates/widget.yaml': JSON.stringify({
      ...{ apiVersion: `${groupOf('inner')}/v1`, kind: 'Widget', metadata: { name: 'one' } },
    }),
  });
  await stage.pass(61_000, 'web');

  const ended = await untilEnded(2);
  expect(ended?.status?.helm?.oneWays?.toSorted()).toEqual([
    `CustomResourceDefinition widgets.${groupOf('demo')} stores objects as v2, which the former definition cannot read`,
    `CustomResourceDefinition widgets.${groupOf('gone')} is deleted with all its objects`,
  ]);
  expect(ended?.status?.phase).toBe('Succeeded');
  expect([await versionsOf('demo'), await versionsOf('kept')]).toEqual([['v1', 'v2'], ['v1']]);
});
