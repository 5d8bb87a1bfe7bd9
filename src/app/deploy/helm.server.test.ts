/** Apps that are Helm releases, on a real API server with the real Helm; nothing runs there, a controller is played. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';
import { refuseImages } from '../../../test/admission.ts';
import { locateTools } from '../../../test/cluster/binaries.ts';
import { installByHand, lockByHand, type Place, revisionsOf, webTemplate } from '../../../test/helm/by-hand.ts';
import { hookTemplate, packChart, settingsTemplate } from '../../../test/helm/charts.ts';
import { endJob, killHelm, startMortalHeadgate, untilJob } from '../../../test/helm/interruptions.ts';
import { type ConfigMap, connectTo, createConfigMap } from '../../../test/kube/server-fixtures.ts';
import { completeRollouts, openRuntimeStage, pushVersions, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject, rejections } from '../../adapters/cluster/kinds.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { configMaps, deployments, secrets } from '../../kube/resource-types.ts';
import type { AppSpecWire } from '../../resources/app/app.ts';
import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';

// Several Updates one after the other, each with a helm of its own.
vi.setConfig({ testTimeout: 90_000 });

interface SecretWithData extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

type HelmWire = NonNullable<AppSpecWire['deploy']['helm']>;

let registry: RunningRegistry;
let stage: RuntimeStage;
let rollouts: AbortController;

beforeAll(async () => {
  registry = await startRegistry();
  await pushVersions(registry.host, 'web', ['1.0.0', '1.1.0']);
  await locateTools(['helm', 'kubectl']);
});

afterAll(() => registry.stop());

beforeEach(async () => {
  stage = await openRuntimeStage(inject('kubeconfig'));
  rollouts = new AbortController();
  completeRollouts(stage, rollouts.signal);
});

afterEach(async () => {
  rollouts.abort();
  await stage.stop();
});

/** The release `web` of a chart with a Deployment and a ConfigMap, as a person installs it. */
async function install(values: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const files = {
    'templates/settings.yaml': settingsTemplate,
    'templates/web.yaml': webTemplate,
    'templates/hook.yaml': hookTemplate('pre-upgrade', '.Values.hooked'),
    'templates/test.yaml': hookTemplate('test', '.Values.tested').replace('-hook\n', '-test\n'),
  };
  const archive = await packChart({ version: '1.0.0', files, values: 'color: blue\n' });
  const image = { repository: `${registry.host}/web`, tag: '1.0.0' };
  await installByHand(inject('kubeconfig'), {
    namespace: stage.namespace,
    release: 'web',
    archive,
    values: { image, ...values },
  });
}

/** What the API server would refuse is begun all the same. */
const withoutTrial = { gates: { preflight: { checks: ['Health' as const] } } };

async function putApp(helm: Partial<HelmWire> = {}, fields: Partial<AppSpecWire> = {}): Promise<void> {
  const policy = { semver: { range: '^1.0.0' } };
  const spec: AppSpecWire = {
    interval: '1m',
    sources: [{ name: 'web', image: { repository: `${registry.host}/web`, insecure: true, policy } }],
    deploy: { helm: { chart: { fromRelease: true }, images: [{ source: 'web', tagPath: 'image.tag' }], ...helm } },
    health: { timeout: '5m', stableFor: '1s' },
    ...fields,
  };
  await stage.client.create<ProductObject>(apps, { metadata: { namespace: stage.namespace, name: 'web' }, spec });
}

async function untilEnded(count: number): Promise<readonly UpdateObjectWire[]> {
  let found: readonly UpdateObjectWire[] = [];
  await stage.until(async () => {
    found = (await stage.updatesOf('web')).filter(({ status }) => status?.finishedAt !== undefined);
    expect(found).toHaveLength(count);
  });
  return found.toSorted((left, right) => left.spec.sequence - right.spec.sequence);
}

async function settings() {
  const key = { namespace: stage.namespace, name: 'web-settings' };
  return (await stage.client.find<ConfigMap>(configMaps, key))?.data;
}

async function changeHelm(helm: Partial<HelmWire>, { client, namespace }: Place = stage): Promise<void> {
  const key = { namespace, name: 'web' };
  await client.patch(apps, key, { kind: 'merge', body: { spec: { deploy: { helm } } } });
}

test('adopts a release that a person installed, with the newest image, and keeps chart and values', async () => {
  await install({ color: 'green' });

  await putApp();

  const [update] = await untilEnded(1);
  expect(update?.status).toMatchObject({ phase: 'Succeeded', helm: { before: 1, restore: 1, revision: 2 } });
  expect(update?.spec.changes.map(({ source }) => source)).toEqual(['web']);
  expect(await settings()).toEqual({ color: 'green', version: '1.0.0' });
  expect(await revisionsOf(stage, 'web')).toEqual(['2 deployed', '1 superseded']);
  expect((await stage.app('web')).status).toMatchObject({ current: '1.1.0', waiting: { reason: 'UpToDate' } });
});

test("a checkpoint keeps Helm's own record of the release that goes back", async () => {
  await install();
  const { namespace, client } = stage;
  const own = await client.get<SecretWithData>(secrets, { namespace, name: 'sh.helm.release.v1.web.v1' });

  await putApp({}, { backup: {}, rollback: { required: true } });

  const [update] = await untilEnded(1);
  expect(update?.status).toMatchObject({ phase: 'Succeeded', checkpoint: { kind: 'Objects', state: 'Completed' } });
  const kept = await client.get<SecretWithData>(secrets, { namespace, name: 'headgate-checkpoint-web-1-helm' });
  expect([kept.type, kept.data]).toEqual(['headgate.dev/checkpoint', own.data]);
});

test('a change of values alone is an Update; at rest nothing is asked', async () => {
  await install();
  await putApp();
  await untilEnded(1);
  await stage.client.create(secrets, {
    metadata: { namespace: stage.namespace, name: 'colors' },
    ...{ stringData: { 'values.yaml': 'color: red' } },
  });

  await changeHelm({ valuesFrom: [{ kind: 'Secret', name: 'colors' }] });

  const [, update] = await untilEnded(2);
  expect(update?.spec.changes.map(({ source }) => source)).toEqual(['.spec']);
  expect(await settings()).toMatchObject({ color: 'red' });
  await stage.pass(5_000, 'web');
  const mark = stage.asked().length;
  await stage.pass(20_000, 'web');
  expect(stage.asked(mark)).toEqual([]);
});

test('once the App is gone, its documents and the objects of its release are watched no more', async () => {
  await install();
  await stage.client.create(secrets, {
    metadata: { namespace: stage.namespace, name: 'colors' },
    ...{ stringData: { 'values.yaml': 'color: red' } },
  });
  await putApp({ valuesFrom: [{ kind: 'Secret', name: 'colors' }], drift: 'Report' });
  await untilEnded(1);
  const ownWatches = () =>
    stage.openWatches().filter((path) => /secrets\?.*colors|\/configmaps\?(?!.*headgate-gates)/.test(path));
  await stage.until(async () => expect(ownWatches()).toHaveLength(2));

  await stage.client.delete(apps, { namespace: stage.namespace, name: 'web' });

  await stage.until(async () => expect(ownWatches()).toEqual([]));
});

test('values that make the chart fail: nothing is touched, the values are rejected, no loop', async () => {
  await install();
  await putApp();
  await untilEnded(1);

  await changeHelm({ values: { image: { tag: '1.1.0', refuse: 'yes' } } });

  const [, update] = await untilEnded(2);
  expect(update?.status).toMatchObject({ phase: 'RolledBack', failure: { reason: 'HelmFailed', blamesVersion: true } });
  expect(update?.status?.failure?.message).toContain('refused as asked');
  await stage.pass(120_000, 'web');
  expect(await revisionsOf(stage, 'web')).toEqual(['2 deployed', '1 superseded']);
  expect((await stage.app('web')).status?.waiting).toMatchObject({ reason: 'VersionRejected' });
  await changeHelm({ values: { image: { refuse: null }, color: 'yellow' } });
  const [, , third] = await untilEnded(3);
  expect(third?.status?.phase).toBe('Succeeded');
  expect(await settings()).toMatchObject({ color: 'yellow' });
});

test('an upgrade that stops half-way goes back to the revision that was in place', async () => {
  await install();
  await putApp({}, withoutTrial);
  await untilEnded(1);

  await changeHelm({ values: { color: 'purple', broken: true } });

  const [, update] = await untilEnded(2);
  expect(update?.status).toMatchObject({ phase: 'RolledBack', failure: { reason: 'HelmFailed' } });
  expect(await settings()).toMatchObject({ color: 'blue' });
  expect(await revisionsOf(stage, 'web')).toEqual(['4 deployed', '3 failed', '2 superseded', '1 superseded']);
});

test('an upgrade that the cluster refuses goes back, and its version is not condemned', async () => {
  await install();
  await refuseImages(stage.client, stage.namespace, { marker: ':1.1.0', message: 'not in this cluster' });

  await putApp({}, withoutTrial);

  const [update] = await untilEnded(1);
  expect(update?.status).toMatchObject({ phase: 'Failed', failure: { reason: 'HelmFailed', blamesVersion: false } });
  expect(update?.status?.failure?.message).toContain('not in this cluster');
  const { items } = await stage.client.list(rejections, { namespace: stage.namespace });
  expect(items).toEqual([]);
});

test('a release that somebody left locked is healed once its time is over', async () => {
  await install();
  await lockByHand(stage, 'web', 1);
  await putApp();

  await stage.until(async () => {
    const [update] = await stage.updatesOf('web');
    expect(update?.status?.waiting).toMatchObject({ reason: 'HelmLocked' });
  });
  await stage.clock.advance(11 * 60_000);

  const [update] = await untilEnded(1);
  expect(update?.status?.phase).toBe('Succeeded');
  expect(await revisionsOf(stage, 'web')).toEqual(['3 deployed', '2 failed', '1 superseded']);
});

test('a helm that is killed in the middle of a hook is taken up again', async () => {
  await install();
  await putApp();
  await untilEnded(1);
  await changeHelm({ values: { hooked: true, color: 'orange' } });
  const hook = await untilJob(stage, 'web-hook');

  await killHelm(process.pid);
  await stage.until(async () => {
    const open = (await stage.updatesOf('web')).find(({ status }) => status?.finishedAt === undefined);
    expect(open?.status?.waiting).toMatchObject({ message: expect.stringContaining('it ended by SIGKILL') });
  });
  await stage.clock.advance(11_000);

  await endJob(stage, await untilJob(stage, 'web-hook', hook), 'Complete');
  const [, update] = await untilEnded(2);
  expect(update?.status?.phase).toBe('Succeeded');
  expect(update?.status?.steps?.find(({ name }) => name === 'Apply')?.message).toContain(
    'pre-upgrade Job/web-hook Succeeded',
  );
  expect(await settings()).toMatchObject({ color: 'orange' });
  expect(await revisionsOf(stage, 'web')).toEqual(['4 deployed', '3 failed', '2 superseded', '1 superseded']);
});

test('a Headgate that is killed in the middle of a hook: the next one lifts the lock and goes on', async () => {
  await install();
  await putApp();
  await untilEnded(1);
  const { namespace } = stage;
  await stage.stop();
  const place = { client: await connectTo(inject('kubeconfig')), namespace };
  const former = await startMortalHeadgate(inject('kubeconfig'), namespace);
  await changeHelm({ values: { hooked: true, color: 'orange' } }, place);
  const hook = await untilJob(place, 'web-hook');

  await former.kill();

  stage = await openRuntimeStage(inject('kubeconfig'), { namespace });
  completeRollouts(stage, rollouts.signal);
  await endJob(place, await untilJob(place, 'web-hook', hook), 'Complete');
  const [, update] = await untilEnded(2);
  expect(update?.status?.phase).toBe('Succeeded');
  expect(await revisionsOf(stage, 'web')).toEqual(['4 deployed', '3 failed', '2 superseded', '1 superseded']);
  await place.client.close();
});

test.each([
  { end: 'Complete' as const, phase: 'Succeeded', color: 'orange' },
  { end: 'Failed' as const, phase: 'RolledBack', color: 'blue' },
])('a test of the chart that ends as $end: $phase', async ({ end, phase, color }) => {
  await install();
  await putApp({ test: {} });
  await untilEnded(1);
  await changeHelm({ values: { tested: true, color: 'orange' } });

  await stage.until(async () => {
    expect((await stage.updatesOf('web')).map(({ status }) => status?.phase)).toContain('Testing');
  });
  await endJob(stage, await untilJob(stage, 'web-test'), end);

  const [, update] = await untilEnded(2);
  expect(update?.status?.phase).toBe(phase);
  expect(update?.status?.tests).toMatchObject([{ name: 'helm-test', verdict: end === 'Failed' ? 'Fail' : 'Pass' }]);
  expect(update?.status?.failure?.reason).toBe(end === 'Failed' ? 'TestFailed' : undefined);
  expect(await settings()).toMatchObject({ color });
});

test('what somebody changes of the release is reported, or put back by an Update; an autoscaler is let be', async () => {
  await install();
  await putApp({ drift: 'Report' });
  await untilEnded(1);
  await scaleWeb(3);
  await stage.pass(5_000, 'web');
  const mark = stage.asked().length;
  await stage.pass(20_000, 'web');
  expect(stage.asked(mark)).toEqual([]);

  await stage.client.patch(
    configMaps,
    { namespace: stage.namespace, name: 'web-settings' },
    { kind: 'merge', body: { data: { color: 'black' } } },
  );

  await stage.until(async () => {
    expect((await stage.app('web')).status?.waiting).toMatchObject({
      reason: 'UpToDate',
      message: expect.stringContaining('web-settings was changed: ~ data.color: black -> blue'),
    });
  });
  expect((await stage.app('web')).status?.waiting?.message).not.toContain('replicas');
  expect(await stage.updatesOf('web')).toHaveLength(1);
  await changeHelm({ drift: 'Correct' });
  const [, update] = await untilEnded(2);
  expect(update?.status?.phase).toBe('Succeeded');
  expect(await settings()).toMatchObject({ color: 'blue' });
});

test.each([
  {
    name: 'a Secret that is not there',
    helm: { valuesFrom: [{ kind: 'Secret' as const, name: 'nothing' }] },
    says: 'spec.deploy.helm.valuesFrom[0]: there is no Secret "nothing"',
  },
  {
    name: 'a release that is not there',
    helm: { releaseName: 'other' },
    says: 'spec.deploy.helm.chart.fromRelease: there is no Helm release "other"',
  },
  {
    name: 'values that are no map',
    helm: { valuesFrom: [{ kind: 'ConfigMap' as const, name: 'kube-root' }] },
    says: 'key values.yaml of ConfigMap "kube-root" is no map',
  },
])('$name blocks the App and says so', async ({ helm, says }) => {
  await install();
  await createConfigMap(stage.client, stage.namespace, 'kube-root', { 'values.yaml': '- just\n- a list\n' });

  await putApp(helm);

  await stage.until(async () => {
    expect((await stage.app('web')).status?.waiting).toMatchObject({
      reason: 'TargetNotFound',
      message: expect.stringContaining(says),
    });
  });
  expect(await revisionsOf(stage, 'web')).toEqual(['1 deployed']);
});

/** As an autoscaler does it. */
async function scaleWeb(replicas: number): Promise<void> {
  const key = { namespace: stage.namespace, name: 'web' };
  const patch = { kind: 'merge', body: { spec: { replicas } } } as const;
  await stage.client.patch(deployments, key, patch, { subresource: 'scale', fieldManager: 'autoscaler' });
}
