/** Headgate is killed in the middle of a test of the App; whoever comes next finds it, or makes it anew, and it is run once. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apps, type ProductObject } from '../src/adapters/cluster/kinds.ts';
import { jobs, services } from '../src/kube/resource-types.ts';
import type { AppSpecWire } from '../src/resources/app/app.ts';
import { waitUntil } from '../test/cluster/wait-until.ts';
import { hireWarden, type RunningProcess, type Warden } from '../test/cluster/warden.ts';
import type { Death } from '../test/headgate/death.ts';
import { startHeadgate } from '../test/headgate/headgate.ts';
import { appSpec, putApp, runWeb } from '../test/headgate/objects.ts';
import { outcomesIn, podsIn, rejectionsIn, stepsOf, untilUpdate } from '../test/headgate/sight.ts';
import { openStage, type Stage } from '../test/headgate/stage.ts';
import { packChart } from '../test/helm/charts.ts';
import { webDeployment, webService } from '../test/images/web-objects.ts';
import { startChartRepository } from '../test/servers/chart-repository.ts';

type Tests = NonNullable<AppSpecWire['tests']>;

const program = fileURLToPath(new URL('../test/headgate/mortal-headgate.ts', import.meta.url));

let warden: Warden;

beforeAll(async () => {
  warden = await hireWarden();
});

afterAll(() => warden.dismiss());

/** Of a Headgate that is killed from outside. */
const never: Death = { kind: 'step', step: 'Never' };
const journal = (count: number): Death => ({ kind: 'write', write: 'journal Testing healthy', count });

function startMortal(stage: Stage, death: Death): RunningProcess {
  const child = warden.start({
    name: stage.namespace,
    program: process.execPath,
    arguments: [program, stage.kubeconfigPath, stage.namespace, JSON.stringify(death)],
  });
  stage.atEnd(() => child.stop('SIGKILL'));
  return child;
}

/** Kills it when the check holds, or waits until it has killed itself. */
async function untilKilled(child: RunningProcess, check?: () => Promise<boolean>): Promise<void> {
  try {
    await waitUntil('Headgate is in the middle of the test', 120_000, async () => {
      if (check !== undefined && child.ending !== undefined) {
        throw new Error(`it ended: ${child.ending}`);
      }
      return check === undefined ? child.ending !== undefined : await check();
    });
    await child.stop('SIGKILL');
    expect(child.ending).toBe('signal SIGKILL');
  } catch (error) {
    throw new Error(await readFile(child.logPath, 'utf8'), { cause: error });
  }
}

/** 1.0.0 runs, and 1.1.0 is there with these tests to pass. */
async function openWeb(stage: Stage, tests: Tests): Promise<void> {
  await stage.push({ tag: '1.0.0' });
  await runWeb(stage, { image: `${stage.repository()}:1.0.0` });
  await stage.client.create(services, webService({ name: 'web', namespace: stage.namespace }));
  await stage.push({ tag: '1.1.0', pages: { 'cgi-bin/slow': slowPage } });
  await putApp(stage, appSpec(stage, { tests }));
}

/** What a test takes, so that there is a middle of it. */
const slowPage = '#!/bin/sh\nsleep 6\necho "Content-Type: text/plain"\necho\necho all is well\n';

const runs = (name: RegExp) => async (stage: Stage) => {
  const pods = await podsIn(stage);
  return pods.some(
    ({ metadata, status }) =>
      name.test(metadata.name) && status?.containerStatuses?.some(({ ready }) => ready) === true,
  );
};

const jobTest = (stage: Stage): Tests => {
  const command = ['/bin/sh', '-c', 'sleep 6; echo all is well'];
  const container = { name: 'check', image: `${stage.repository()}:1.0.0`, command };
  return [{ name: 'rows', job: { template: { spec: { template: { spec: { containers: [container] } } } } } }];
};

describe.concurrent('a Job', () => {
  interface Row {
    readonly when: string;
    readonly death: Death;
    readonly check?: (stage: Stage) => Promise<boolean>;
  }

  test.for<Row>([
    { when: 'before it is created', death: { kind: 'write', write: 'create jobs', count: 1 } },
    { when: 'before it is written down that it was', death: journal(2) },
    { when: 'while its pod runs', death: never, check: runs(/^web-1-test-1-/) },
    { when: 'before its verdict is written down', death: journal(3) },
  ])('killed $when: there is exactly one, and its verdict counts', async ({ death, check }, context) => {
    const stage = await openStage(context, 'killed-job');
    await openWeb(stage, jobTest(stage));
    await untilKilled(startMortal(stage, death), check && (() => check(stage)));

    startHeadgate(stage);
    const update = await untilUpdate(stage, 'web-1', { phases: ['Succeeded'], deadlineMs: 120_000 });

    const { items } = await stage.client.list(jobs, { namespace: stage.namespace });
    expect(items.map(({ metadata }) => metadata.name)).toEqual([expect.stringMatching(/^web-1-test-1-/)]);
    expect(update.status?.tests).toMatchObject([{ name: 'rows', verdict: 'Pass', attempts: 1, passed: 1, failed: 0 }]);
    const pods = (await podsIn(stage)).filter(({ metadata }) => metadata.name.startsWith('web-1-test-'));
    expect(pods).toHaveLength(1);
    await expectOneUpdate(stage, stepsOf(update));
  });
});

test('a request through a Service, killed while it is under way: it is made anew', async (context) => {
  const stage = await openStage(context, 'killed-http');
  const http = { service: { name: 'web' }, path: '/cgi-bin/slow', attemptTimeout: '30s' };
  await openWeb(stage, [{ name: 'smoke', http: { ...http, expect: { body: [{ contains: 'all is well' }] } } }]);
  await untilKilled(startMortal(stage, never), async () => {
    const { status } = await untilUpdate(stage, 'web-1', { phases: ['Testing'], deadlineMs: 120_000 });
    return status?.tests?.[0] !== undefined;
  });

  startHeadgate(stage);
  const update = await untilUpdate(stage, 'web-1', { phases: ['Succeeded'], deadlineMs: 120_000 });

  expect(update.status?.tests).toMatchObject([{ name: 'smoke', verdict: 'Pass', attempts: 1, passed: 1, failed: 0 }]);
  await expectOneUpdate(stage, stepsOf(update));
});

test('the test of a chart, killed while its pod runs: it is run anew, and there is one pod of it', async (context) => {
  const stage = await openStage(context, 'killed-helm');
  await stage.push({ tag: '1.0.0' });
  const charts = await startChartRepository();
  stage.atEnd(() => charts.stop());
  const pod = {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: { name: 'web-test', annotations: { 'helm.sh/hook': 'test' } },
    spec: {
      restartPolicy: 'Never',
      containers: [
        { name: 'test', image: `${stage.repository()}:1.0.0`, command: ['/bin/sh', '-c', 'sleep 6; echo all is well'] },
      ],
    },
  };
  const { namespace } = stage;
  const web = webDeployment({ name: 'web', namespace, image: `${stage.repository()}:1.0.0`, replicas: 1 });
  const files = { 'templates/web.yaml': JSON.stringify(web), 'templates/test.yaml': JSON.stringify(pod) };
  charts.add({ name: 'demo', version: '1.0.0', archive: await packChart({ version: '1.0.0', files }) });
  await stage.client.create<ProductObject>(apps, {
    metadata: { name: 'web', namespace },
    spec: {
      interval: '5s',
      sources: [{ name: 'demo', chart: { repository: charts.url, name: 'demo', insecure: true } }],
      deploy: { helm: { chart: { source: 'demo' }, test: { timeout: '60s' } } },
      health: { timeout: '60s', stableFor: '1s' },
    },
  });
  await untilKilled(startMortal(stage, never), () => runs(/^web-test$/)(stage));

  startHeadgate(stage);
  const update = await untilUpdate(stage, 'web-1', { phases: ['Succeeded'], deadlineMs: 120_000 });

  expect(update.status?.tests).toMatchObject([{ name: 'helm-test', verdict: 'Pass', attempts: 1, failed: 0 }]);
  expect((await podsIn(stage)).filter(({ metadata }) => metadata.name === 'web-test')).toHaveLength(1);
  expect(await outcomesIn(stage)).toEqual(['web-1 Succeeded']);
});

async function expectOneUpdate(stage: Stage, steps: readonly string[]): Promise<void> {
  expect(steps).toEqual(['Plan Done', 'Apply Done', 'Watch Done', 'Test Done']);
  expect(await outcomesIn(stage)).toEqual(['web-1 Succeeded']);
  expect(await rejectionsIn(stage)).toEqual([]);
}
