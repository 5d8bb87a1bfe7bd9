/** Workloads with annotations of Keel, Imago and Flux v1, from the annotation to the new image: real API server, real registry. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { pushImage } from '../../../scripts/oci/push.ts';
import { makeWebImage } from '../../../test/images/web-image.ts';
import { completeRollouts, openRuntimeStage, pushVersions, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import { adoptableSystems } from '../../core/adopt/adoption.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { deployments } from '../../kube/resource-types.ts';
import { decodeWorkload } from '../../resources/app/decode-workload.ts';

type Marks = Readonly<Record<string, string>>;

let registry: RunningRegistry;
let stage: RuntimeStage;
let stopping: AbortController;

beforeAll(async () => {
  registry = await startRegistry();
  await pushVersions(registry.host, 'web', ['1.0.0', '1.0.1', '1.1.0', '2.0.0', 'latest']);
});

afterAll(() => registry.stop());

beforeEach(async () => {
  stopping = new AbortController();
  const keel = { defaultSchedule: '@every 1m' };
  const adoption = { systems: adoptableSystems, followsReleases: false, keel, insecureRegistries: [registry.host] };
  stage = await openRuntimeStage(inject('kubeconfig'), { adoption });
  completeRollouts(stage, stopping.signal);
});

afterEach(async () => {
  stopping.abort();
  await stage.stop();
});

const appName = 'deployment-web';

async function createWeb(annotations: Marks, image = 'web:1.0.0', name = 'web'): Promise<void> {
  const labels = { app: name };
  const container = { name: 'app', image: `${registry.host}/${image}` };
  await stage.client.create<ProductObject>(deployments, {
    metadata: { namespace: stage.namespace, name, labels, annotations },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container] } } },
  });
}

async function annotate(annotations: Readonly<Record<string, string | null>>): Promise<void> {
  const key = { namespace: stage.namespace, name: 'web' };
  await stage.client.patch(deployments, key, { kind: 'merge', body: { metadata: { annotations } } });
}

async function getWeb(name = 'web'): Promise<KubeObject> {
  return await stage.client.get(deployments, { namespace: stage.namespace, name });
}

/** Image without host, and a digest only named. */
async function imageOf(name = 'web'): Promise<string | undefined> {
  const image = decodeWorkload('Deployment', await getWeb(name)).containers[0]?.image;
  return image?.replace(`${registry.host}/`, '').replace(/@sha256:.*/, '@digest');
}

async function waitingOf(name = appName): Promise<string> {
  const { status } = await stage.app(name);
  return `${status?.waiting?.reason}: ${status?.waiting?.message}`;
}

async function findApp(name = appName): Promise<ProductObject | undefined> {
  return await stage.client.find<ProductObject>(apps, { namespace: stage.namespace, name });
}

/** Repeats the check until it holds; five seconds pass on the runtime's clock each time. */
async function eventually(check: () => Promise<void>): Promise<void> {
  const attempt = async () => {
    await stage.clock.advance(5_000);
    await check();
  };
  await vi.waitFor(attempt, { timeout: 20_000, interval: 50 });
}

/** How often the tags of the repository were asked for. */
async function checks(): Promise<number> {
  const lines = await registry.accessLog();
  return lines.filter(({ path }) => path.startsWith('/v2/web/tags/list')).length;
}

const poll = { 'keel.sh/policy': 'minor', 'keel.sh/trigger': 'poll' };

test('polled by Keel’s annotations: an App of its own, a new image, the change cause, and no App without the annotation', async () => {
  await createWeb({ ...poll, 'keel.sh/pollSchedule': '@every 10s', 'keel.sh/notify': 'ops' });

  await eventually(async () => expect(await imageOf()).toBe('web:1.1.0@digest'));
  await eventually(async () => expect((await stage.updatesOf(appName))[0]?.status?.phase).toBe('Succeeded'));
  const text = await stage.metrics.registry.metrics();
  expect(text).toContain(`kubernetes_versioned_updates_total{kubernetes="${stage.namespace}/web"} 1`);
  expect(text).toMatch(/^poll_trigger_tracked_images 1$/m);
  expect(text).toMatch(new RegExp(`^registries_scanned_total\\{registry="${registry.host}",image="web"\\} [1-9]`, 'm'));
  const { metadata } = await getWeb();
  expect(metadata.annotations?.['kubernetes.io/change-cause']).toBe(
    `headgate: app 1.0.0 -> 1.1.0 (Update ${appName}-1)`,
  );
  const app = await findApp();
  expect(app?.metadata.ownerReferences).toMatchObject([{ kind: 'Deployment', name: 'web', uid: metadata.uid }]);
  expect(app?.metadata.labels).toEqual({ 'headgate.dev/adopted-from': 'keel' });
  expect(app?.spec).toMatchObject({
    schedule: { cron: '@every 10s' },
    notify: { channels: ['ops'] },
    sources: [{ name: 'app', image: { policy: { keel: { policy: 'minor' } } } }],
  });

  await annotate({ 'keel.sh/policy': null });
  await eventually(async () => expect(await findApp()).toBeUndefined());
  expect(await imageOf()).toBe('web:1.1.0@digest');
});

test('without trigger poll only a webhook makes it look', async () => {
  await createWeb({ 'keel.sh/policy': 'patch' });
  await eventually(async () => expect(await waitingOf()).toBe('CheckPending: app 1.0.0 runs; a webhook is waited for'));
  const before = await checks();
  await stage.pass(3_600_000, appName);
  expect(await checks()).toBe(before);

  stage.runtime.webhooks.wakeApp(stage.namespace, appName);

  await eventually(async () => expect(await imageOf()).toBe('web:1.0.1@digest'));
});

test('at rest nothing is written and nothing asked; what a person does to the App is put right', async () => {
  await createWeb({ 'keel.sh/policy': 'never' }, 'web:1.0.0', 'never');
  await createWeb({ ...poll, 'keel.sh/pollSchedule': '0 0 3 1 1 *' });
  await eventually(async () => expect(await waitingOf()).toMatch(/^CheckPending: .* schedule 0 0 3 1 1 \*$/));
  await stage.pass(0, appName);

  const mark = stage.asked().length;
  await stage.pass(60_000, appName);
  expect(stage.asked(mark)).toEqual([]);
  expect(await findApp('deployment-never')).toBeUndefined();

  const key = { namespace: stage.namespace, name: appName };
  await stage.client.patch(apps, key, { kind: 'merge', body: { spec: { suspend: true, interval: '1h' } } });
  await stage.client.patch(apps, key, { kind: 'merge', body: { metadata: { labels: { mine: 'yes' } } } });
  await eventually(async () => expect((await findApp())?.spec).toMatchObject({ schedule: { cron: '0 0 3 1 1 *' } }));

  await stage.client.delete(apps, key);
  await eventually(async () => expect(await findApp()).toBeDefined());
});

describe('traps that Keel’s users fell into', () => {
  test('#560: the same tag with a new digest is taken once', async () => {
    await createWeb({ 'keel.sh/policy': 'force', 'keel.sh/matchTag': 'true', 'keel.sh/trigger': 'poll' }, 'web:latest');
    await eventually(async () => expect(await imageOf()).toBe('web:latest@digest'));
    await eventually(async () => expect((await stage.updatesOf(appName))[0]?.status?.phase).toBe('Succeeded'));

    await pushImage(makeWebImage({ version: 'other' }), {
      host: registry.host,
      repository: 'web',
      tag: 'latest',
      insecure: true,
    });
    await eventually(async () => expect(await stage.updatesOf(appName)).toHaveLength(2));
    await eventually(async () =>
      expect((await stage.updatesOf(appName)).map((one) => one.status?.phase)).toEqual(['Succeeded', 'Succeeded']),
    );

    for (let minute = 0; minute < 5; minute += 1) {
      await stage.pass(60_000, appName);
    }
    expect(await stage.updatesOf(appName)).toHaveLength(2);
  });

  test('#761 and #808: each workload keeps its own schedule, and a process that begins asks nothing before it', async () => {
    // Time passes only as said.
    const inTwoHours = new Date(stage.clock.now().getTime() + 2 * 3_600_000);
    const [hour, minute] = [inTwoHours.getUTCHours(), inTwoHours.getUTCMinutes()];
    await createWeb({ ...poll, 'keel.sh/pollSchedule': `0 ${minute} ${hour} * * *` });
    await createWeb({ ...poll, 'keel.sh/pollSchedule': '@every 30s' }, 'web:1.0.0', 'often');
    await eventually(async () => expect(await imageOf('often')).toBe('web:1.1.0@digest'));

    await stage.pass(3_600_000, appName);
    expect(await imageOf()).toBe('web:1.0.0');
    expect(await waitingOf()).toMatch(/^CheckPending/);

    await stage.pass(3_600_000, appName);
    await eventually(async () => expect(await imageOf()).toBe('web:1.1.0@digest'));
  });

  test('#823: a webhook for an older tag that matches takes nothing back', async () => {
    await createWeb({ 'keel.sh/policy': 'regexp:^[0-9.]+$' }, 'web:2.0.0');
    await eventually(async () => expect(await waitingOf()).toMatch(/^CheckPending/));

    stage.runtime.webhooks.wakeApp(stage.namespace, appName);

    await eventually(async () => expect(await waitingOf()).not.toMatch(/^CheckPending/));
    expect((await imageOf())?.split('@')[0]).toBe('web:2.0.0');
  });

  test.each([
    [
      'latest under a semver policy takes the newest version',
      { 'keel.sh/policy': 'major' },
      'web:latest',
      'web:2.0.0@digest',
    ],
    ['a tag without a dot is no candidate', { 'keel.sh/policy': 'all' }, 'builds:1.2.0', 'builds:1.3.0@digest'],
  ])('%s', async (_, annotations, from, to) => {
    await pushVersions(registry.host, 'builds', ['1.2.0', '1.3.0', '3050']);
    await createWeb({ ...annotations, 'keel.sh/trigger': 'poll' }, from);

    await eventually(async () => expect(await imageOf()).toBe(to));
  });
});

describe('what cannot be understood', () => {
  test.each<[Marks, string]>([
    [{ 'keel.sh/policy': 'majro', 'keel.sh/trigger': 'poll' }, 'keel.sh/policy: "majro" is no policy of Keel'],
    [{ ...poll, 'keel.sh/pollSchedule': 'often' }, 'keel.sh/pollSchedule: "often" has 1 fields'],
    [{ ...poll, 'keel.sh/approvals': 'many' }, 'keel.sh/approvals: "many" is not a whole number'],
    [{ ...poll, 'keel.sh/imagePullSecret': 'x'.repeat(300) }, 'secretRef.name "xxx'],
    [{ 'imago-config-spec': '{' }, 'imago-config-spec: is not JSON'],
    [{ 'fluxcd.io/automated': 'true', 'fluxcd.io/tag.app': 'semver:new' }, 'fluxcd.io/tag.app: "new"'],
  ])('%o is said by the App and on the workload; nothing is changed, others go on', async (annotations, problem) => {
    await createWeb(annotations);
    await createWeb({ ...poll }, 'web:1.0.0', 'good');

    await eventually(async () => expect(await waitingOf()).toMatch(/^InvalidSpec: /));
    expect(await waitingOf()).toContain(problem);
    await eventually(async () => expect(await imageOf('good')).toBe('web:1.1.0@digest'));
    expect(await imageOf()).toBe('web:1.0.0');
    expect(stage.log).toContainEqual(
      expect.objectContaining({ reason: 'AnnotationsInvalid', workload: `Deployment ${stage.namespace}/web` }),
    );

    await annotate({
      ...poll,
      'keel.sh/pollSchedule': null,
      'keel.sh/approvals': null,
      'keel.sh/imagePullSecret': null,
    });
    await eventually(async () => expect(await imageOf()).toBe('web:1.1.0@digest'));
  });
});

test('approvals hold it', async () => {
  await createWeb({ ...poll, 'keel.sh/approvals': '2' });

  await eventually(async () =>
    expect(await waitingOf()).toMatch(/^ApprovalRequired: app 1.1.0 is available; 2 people have to approve it/),
  );
  expect(await imageOf()).toBe('web:1.0.0');
  expect((await stage.updatesOf(appName)).map(({ status }) => status?.phase)).toEqual(['Pending']);
});

test('an App that a person makes for the same workload goes before it', async () => {
  await createWeb({ 'keel.sh/policy': 'all' });
  await eventually(async () => expect(await waitingOf()).toMatch(/^CheckPending/));

  const policy = { semver: { range: '1.0.x' } };
  const image = { repository: `${registry.host}/web`, insecure: true, policy };
  const spec = {
    sources: [{ name: 'web', image }],
    deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'web' }] } },
  };
  await stage.client.create<ProductObject>(apps, { metadata: { namespace: stage.namespace, name: 'mine' }, spec });

  await eventually(async () => expect(await imageOf()).toBe('web:1.0.1@digest'));
  await eventually(async () => expect(await waitingOf()).toContain('TargetConflict: '));
  expect(await waitingOf()).toContain('belongs to App "mine" already');
  stage.runtime.webhooks.wakeApp(stage.namespace, appName);
  await stage.pass(60_000, 'mine');
  expect(await imageOf()).toBe('web:1.0.1@digest');
});

test('a name that a person has taken is left alone, and used when it is free', async () => {
  const image = { repository: `${registry.host}/web`, insecure: true, policy: { pinned: {} } };
  const spec = { sources: [{ name: 'web', image }], deploy: { workloads: { targets: [{ name: 'other' }] } } };
  await stage.client.create<ProductObject>(apps, { metadata: { namespace: stage.namespace, name: appName }, spec });
  await createWeb({ 'keel.sh/policy': 'all' });
  await eventually(async () => expect(stage.log).toContainEqual(expect.objectContaining({ reason: 'AppNameTaken' })));
  expect((await findApp())?.metadata.labels).toBeUndefined();

  await stage.client.delete(apps, { namespace: stage.namespace, name: appName });

  await eventually(async () => expect(await waitingOf()).toMatch(/^CheckPending/));
});

test('what Imago pinned is followed on its tag, and its annotation kept', async () => {
  const config = (image: string) =>
    JSON.stringify({ containers: [{ name: 'app', image: `${registry.host}/${image}` }], initContainers: [] });
  await createWeb({ 'imago-config-spec': config('web:1.0.0') }, `web@sha256:${'a'.repeat(64)}`);
  await eventually(async () => expect(await imageOf()).toBe('web:1.0.0@digest'));
  await eventually(async () => expect((await stage.updatesOf(appName))[0]?.status?.phase).toBe('Succeeded'));

  const body = { spec: { template: { spec: { containers: [{ name: 'app', image: `${registry.host}/web:1.1.0` }] } } } };
  await stage.client.patch(deployments, { namespace: stage.namespace, name: 'web' }, { kind: 'merge', body });

  await eventually(async () => expect(await imageOf()).toBe('web:1.1.0@digest'));
  expect((await getWeb()).metadata.annotations?.['imago-config-spec']).toBe(config('web:1.1.0'));
});

test('Flux v1: automated with a pattern, and locked', async () => {
  const marks = { 'fluxcd.io/automated': 'true', 'filter.fluxcd.io/app': 'semver:~1.0' };
  await createWeb({ ...marks, 'fluxcd.io/locked': 'true' });
  await eventually(async () => expect(await waitingOf()).toMatch(/^Suspended/));
  expect(await imageOf()).toBe('web:1.0.0');

  await annotate({ 'fluxcd.io/locked': null });

  await eventually(async () => expect(await imageOf()).toBe('web:1.0.1@digest'));
});
