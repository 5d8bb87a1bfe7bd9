/** A Helm release with real pods: good versions of its chart, one whose pods crash, and one whose own test fails. */
import { expect, test } from 'vitest';
import { apps, type ProductObject } from '../src/adapters/cluster/kinds.ts';
import { configMaps } from '../src/kube/resource-types.ts';
import { startHeadgate } from '../test/headgate/headgate.ts';
import { imagesOf, rejectionsIn, untilUpdate } from '../test/headgate/sight.ts';
import { openStage, type Stage } from '../test/headgate/stage.ts';
import { revisionsOf } from '../test/helm/by-hand.ts';
import { packChart } from '../test/helm/charts.ts';
import { webDeployment } from '../test/images/web-objects.ts';
import type { ConfigMap } from '../test/kube/server-fixtures.ts';
import { type ChartRepository, startChartRepository } from '../test/servers/chart-repository.ts';

test('a chart is installed and followed; from crashing pods and from a failing test the release goes back', async (context) => {
  const stage = await openStage(context, 'helm');
  const charts = await startChartRepository();
  stage.atEnd(() => charts.stop());
  await stage.push({ tag: '1.0.0' });
  await stage.push({ tag: '1.1.0' });
  await stage.push({ tag: '1.2.0', behaviour: 'crash' });
  await publish(stage, charts, { version: '1.0.0', image: '1.0.0' });
  await putApp(stage, charts);
  startHeadgate(stage);

  expect(await ended(stage, 1)).toBe('Succeeded');
  expect(await imagesOf(stage)).toEqual({ web: `${stage.repository()}:1.0.0` });

  await publish(stage, charts, { version: '1.1.0', image: '1.1.0' });
  expect(await ended(stage, 2)).toBe('Succeeded');
  expect(await imagesOf(stage)).toEqual({ web: `${stage.repository()}:1.1.0` });

  await publish(stage, charts, { version: '1.2.0', image: '1.2.0' });
  expect(await ended(stage, 3)).toBe('RolledBack CrashLoop');
  expect(await imagesOf(stage)).toEqual({ web: `${stage.repository()}:1.1.0` });

  await publish(stage, charts, { version: '1.3.0', image: '1.0.0', test: 'echo nothing answers; exit 1' });
  expect(await ended(stage, 4)).toBe('RolledBack TestFailed');
  expect(await testLogOf(stage, 4)).toContain('POD LOGS: web-test\nnothing answers');
  expect(await imagesOf(stage)).toEqual({ web: `${stage.repository()}:1.1.0` });
  expect(await revisionsOf(stage, 'web')).toEqual([
    '6 deployed',
    '5 superseded',
    '4 superseded',
    '3 superseded',
    '2 superseded',
    '1 superseded',
  ]);
  expect(await rejectionsIn(stage)).toHaveLength(2);

  await publish(stage, charts, { version: '1.4.0', image: '1.0.0', test: 'echo all is well' });
  expect(await ended(stage, 5)).toBe('Succeeded');
  expect(await testLogOf(stage, 5)).toContain('POD LOGS: web-test\nall is well');
});

interface Version {
  readonly version: string;
  /** Tag of the web image. */
  readonly image: string;
  /** What the test of the chart runs; none when absent. */
  readonly test?: string;
}

async function publish(
  stage: Stage,
  charts: ChartRepository,
  { version, image, test: command }: Version,
): Promise<void> {
  const { namespace } = stage;
  const web = webDeployment({ name: 'web', namespace, image: `${stage.repository()}:${image}`, replicas: 1 });
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-test', annotations: { 'helm.sh/hook': 'test' } },
    spec: {
      restartPolicy: 'Never',
      containers: [{ name: 'test', image: `${stage.repository()}:1.0.0`, command: ['/bin/sh', '-c', command] }],
    },
  };
  const files = {
    'templates/web.yaml': JSON.stringify(web),
    ...(command === undefined ? {} : { 'templates/test.yaml': JSON.stringify(pod) }),
  };
  charts.add({ name: 'demo', version, archive: await packChart({ version, files }) });
}

async function putApp({ client, namespace }: Stage, charts: ChartRepository): Promise<void> {
  const spec = {
    interval: '5s',
    sources: [{ name: 'demo', chart: { repository: charts.url, name: 'demo', insecure: true } }],
    deploy: { helm: { chart: { source: 'demo' }, test: { timeout: '30s' } } },
    health: { timeout: '60s', stableFor: '2s' },
  };
  await client.create<ProductObject>(apps, { metadata: { namespace, name: 'web' }, spec });
}

/** Phase and reason with which the Update of this number ends. */
async function ended(stage: Stage, sequence: number): Promise<string> {
  const { status } = await untilUpdate(stage, `web-${sequence}`, {
    phases: ['Succeeded', 'RolledBack', 'Failed', 'Cancelled', 'Superseded'],
  });
  return [status?.phase, ...(status?.failure ? [status.failure.reason] : [])].join(' ');
}

/** What the ConfigMap holds that the message of the test names. */
async function testLogOf(stage: Stage, sequence: number): Promise<string | undefined> {
  const { status } = await untilUpdate(stage, `web-${sequence}`, { phases: ['Succeeded', 'RolledBack'] });
  const message = status?.tests?.find(({ name }) => name === 'helm-test')?.message ?? '';
  const name = /all that Helm said: ConfigMap (\S+)$/.exec(message)?.[1] ?? `none in "${message}"`;
  const kept = await stage.client.get<ConfigMap>(configMaps, { namespace: stage.namespace, name });
  return kept.data?.['log'];
}
