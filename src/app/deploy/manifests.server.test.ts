/** Apps made of manifests, from a folder to objects and back, on a real API server. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { refuseImages } from '../../../test/admission.ts';
import { completeRollouts, openRuntimeStage, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { apps, type ProductObject, rejections } from '../../adapters/cluster/kinds.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { configMaps, deployments, secrets } from '../../kube/resource-types.ts';
import type { AppSpecWire } from '../../resources/app/app.ts';
import { planApp } from '../commands/plan-app.ts';

let folder: string;
let stage: RuntimeStage;
let rollouts: AbortController;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-manifests-'));
  stage = await openRuntimeStage(inject('kubeconfig'), { sourceFolder: folder });
  rollouts = new AbortController();
});

afterEach(async () => {
  rollouts.abort();
  await stage.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Replaces the files of the App by these. */
async function write(files: Readonly<Record<string, string>>): Promise<void> {
  await rm(join(folder, 'web'), { recursive: true, force: true });
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, 'web', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  await stage.clock.advance(6_000);
}

const map = (name: string, data: object, annotations: object = {}) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, annotations }, data });

function deployment(image: string): string {
  const labels = { app: 'web' };
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image }] } },
    },
  });
}

async function createApp(
  manifests: AppSpecWire['deploy']['manifests'] = {},
  {
    name = 'web',
    dependsOn = [],
    gates = {},
  }: Pick<AppSpecWire, 'gates'> & { name?: string; dependsOn?: string[] } = {},
): Promise<void> {
  const spec: AppSpecWire = {
    interval: '5s',
    sources: [{ name: 'files', folder: { path: 'web' } }],
    deploy: { manifests },
    health: { timeout: '60s', stableFor: '0s' },
    dependsOn,
    gates,
  };
  await stage.client.create<ProductObject>(apps, { metadata: { namespace: stage.namespace, name }, spec });
}

async function untilApp(reason: string, message = /./): Promise<void> {
  await stage.until(async () => {
    const { status } = await stage.app('web');
    expect(status?.waiting).toMatchObject({ reason, message: expect.stringMatching(message) });
  });
}

async function untilPhase(sequence: number, phase: string): Promise<void> {
  await stage.until(async () => {
    const found = (await stage.updatesOf('web')).find(({ spec }) => spec.sequence === sequence);
    expect(found?.status?.phase, JSON.stringify(found?.status)).toBe(phase);
  });
}

const find = (type: typeof configMaps, name: string) =>
  stage.client.find<KubeObject & { readonly data?: object }>(type, { namespace: stage.namespace, name });

test('the first files are applied, then nothing is asked or written until they change', async () => {
  await write({ 'a.yaml': map('a', { x: '1' }), 'deep/b.json': map('b', { x: '1' }) });
  await createApp();
  await untilPhase(1, 'Succeeded');
  await untilApp('UpToDate');

  await stage.pass(6_000, 'web');
  const mark = stage.asked().length;
  await stage.pass(6_000, 'web');

  expect(stage.asked(mark)).toEqual([]);
  expect((await find(configMaps, 'a'))?.data).toEqual({ x: '1' });
  expect(await stage.app('web')).toMatchObject({ status: { workloads: ['ConfigMap/a', 'ConfigMap/b'] } });
});

test('a change is applied, and what left the files leaves the cluster', async () => {
  await write({
    'a.yaml': map('a', { x: '1' }),
    'b.yaml': map('b', {}),
    'c.yaml': map('c', {}, { 'headgate.dev/prune': 'disabled' }),
  });
  await createApp();
  await untilPhase(1, 'Succeeded');
  await write({ 'a.yaml': map('a', { x: '2' }) });
  await untilPhase(2, 'Succeeded');

  expect((await find(configMaps, 'a'))?.data).toEqual({ x: '2' });
  expect(await find(configMaps, 'b')).toBeUndefined();
  expect(await find(configMaps, 'c')).toBeDefined();
  const [update] = (await stage.updatesOf('web')).filter(({ spec }) => spec.sequence === 2);
  expect(update?.status?.manifests?.changes).toEqual([
    `~ ConfigMap ${stage.namespace}/a`,
    `- ConfigMap ${stage.namespace}/b`,
  ]);
});

test('a change of one object costs no more than it must until the object has it', async () => {
  await write({ 'a.yaml': map('a', { x: '1' }), 'b.yaml': map('b', { x: '1' }) });
  await createApp();
  await untilPhase(1, 'Succeeded');
  await untilApp('UpToDate');
  await stage.pass(6_000, 'web');
  const mark = stage.asked().length;
  await write({ 'a.yaml': map('a', { x: '2' }), 'b.yaml': map('b', { x: '1' }) });
  await untilPhase(2, 'Succeeded');
  await stage.pass(0, 'web');

  const asked = stage.asked(mark).map(({ method, path }) => {
    const [, kind = '', subresource = ''] = /\/namespaces\/[^/]+\/([a-z]+)(?:\/[^/?]+)?(\/status)?/.exec(path) ?? [];
    return `${method} ${kind}${subresource}`;
  });
  expect(asked.slice(0, 5)).toEqual([
    'POST updates',
    'PATCH secrets',
    'PUT updates/status',
    'GET rejections',
    'PATCH configmaps',
  ]);
  expect(asked.filter((one) => one === 'PUT apps/status').length).toBeLessThanOrEqual(2);
});

test('a bad version goes back: what it made goes, what it pruned comes again, and it is not taken any more', async () => {
  completeRollouts(stage, rollouts.signal);
  await write({ 'web.yaml': deployment('web:1'), 'old.yaml': map('old', { x: '1' }) });
  await createApp();
  await untilPhase(1, 'Succeeded');
  rollouts.abort();
  await write({ 'web.yaml': deployment('web:2'), 'new.yaml': map('new', {}) });
  await untilPhase(2, 'Watching');
  expect(await find(configMaps, 'old')).toBeUndefined();
  // The pass that wrote this has ended, and waits for the time limit.
  await stage.pass(0, 'web');

  await stage.clock.advance(61_000);
  rollouts = new AbortController();
  completeRollouts(stage, rollouts.signal);
  await untilPhase(2, 'RolledBack');

  expect((await find(configMaps, 'old'))?.data).toEqual({ x: '1' });
  expect(await find(configMaps, 'new')).toBeUndefined();
  expect(await find(deployments, 'web')).toMatchObject({
    spec: { template: { spec: { containers: [{ image: 'web:1' }] } } },
  });
  const { items } = await stage.client.list(rejections, { namespace: stage.namespace });
  expect(items).toMatchObject([{ spec: { app: 'web', reason: expect.stringMatching(/^HealthTimeout/) } }]);
  await untilApp('VersionRejected');
  await write({ 'web.yaml': deployment('web:3') });
  await untilPhase(3, 'Succeeded');
});

describe('before anything is changed it is said', () => {
  test.each([
    { name: 'no YAML', file: 'a: [', message: /bad.yaml, document 2, line 4: no YAML/ },
    {
      name: 'no object',
      file: 'just: text',
      message: /bad.yaml, document 2, line 2.*apiVersion, kind, metadata.name missing/,
    },
    {
      name: 'a duplicate',
      file: map('a', {}),
      message: /ConfigMap .*\/a is there twice: a.yaml, document 1, line 1 and bad.yaml, document 2/,
    },
    {
      name: 'an unknown kind',
      file: '{"apiVersion": "x.org/v1", "kind": "Gadget", "metadata": {"name": "g"}}',
      message: /Gadget g \(bad.yaml.*no kind Gadget in x.org\/v1/,
    },
    {
      name: 'another namespace',
      file: '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "g", "namespace": "kube-system"}}',
      message: /ConfigMap kube-system\/g \(bad.yaml.*outside of namespace.*serviceAccountName/,
    },
  ])('$name', async ({ file, message }) => {
    await write({ 'a.yaml': map('a', { x: '1' }) });
    await createApp();
    await untilPhase(1, 'Succeeded');
    await write({ 'a.yaml': map('a', { x: '2' }), 'bad.yaml': `${map('ok', {})}\n---\n${file}\n` });
    await untilPhase(2, 'Failed');

    await untilApp('PreviousAttemptFailed', message);
    expect((await find(configMaps, 'a'))?.data).toEqual({ x: '1' });
    expect(await find(configMaps, 'ok')).toBeUndefined();
    await write({ 'a.yaml': map('a', { x: '3' }) });
    await untilPhase(3, 'Succeeded');
  });
});

/** So that what is refused is met while it is applied. */
const noRehearsal = { gates: { preflight: { checks: [] } } };

test('what the API server refuses is undone, and the record says what was done', async () => {
  await write({ 'a.yaml': map('a', { x: '1' }) });
  await createApp({}, noRehearsal);
  await untilPhase(1, 'Succeeded');
  await write({
    'a.yaml': map('a', { x: '2' }),
    'web.yaml': deployment('web:1').replace('"replicas":1', '"replicas":-1'),
  });
  await untilPhase(2, 'RolledBack');

  const [update] = (await stage.updatesOf('web')).filter(({ spec }) => spec.sequence === 2);
  expect(update?.status?.failure).toMatchObject({
    reason: 'RefusedByApiServer',
    message: expect.stringMatching(/Deployment .*spec.replicas.*changed before that: ConfigMap .*\/a/),
    blamesVersion: true,
  });
  expect((await find(configMaps, 'a'))?.data).toEqual({ x: '1' });
});

test('what a policy of the cluster refuses is undone, and the version is not to blame', async () => {
  completeRollouts(stage, rollouts.signal);
  await refuseImages(stage.client, stage.namespace, { marker: 'forbidden', message: 'not this image' });
  await write({ 'a.yaml': map('a', { x: '1' }), 'web.yaml': deployment('web:1') });
  await createApp({}, noRehearsal);
  await untilPhase(1, 'Succeeded');
  await write({ 'a.yaml': map('a', { x: '2' }), 'web.yaml': deployment('forbidden:2') });
  await untilPhase(2, 'Failed');

  const [update] = (await stage.updatesOf('web')).filter(({ spec }) => spec.sequence === 2);
  expect(update?.status?.failure).toMatchObject({
    message: expect.stringMatching(/Deployment .*not this image.*changed before that: ConfigMap .*\/a/),
    blamesVersion: false,
  });
  expect((await find(configMaps, 'a'))?.data).toEqual({ x: '1' });
  expect((await stage.client.list(rejections, { namespace: stage.namespace })).items).toEqual([]);
});

describe('drift', () => {
  const change = async () => {
    const key = { namespace: stage.namespace, name: 'a' };
    await stage.client.patch(
      configMaps,
      key,
      { kind: 'merge', body: { data: { x: 'changed' } } },
      { fieldManager: 'kubectl-edit' },
    );
  };

  test('is put back at once', async () => {
    await write({ 'a.yaml': map('a', { x: '1' }) });
    await createApp();
    await untilApp('UpToDate');
    await change();

    await stage.until(async () => expect((await find(configMaps, 'a'))?.data).toEqual({ x: '1' }));
    await stage.client.delete(configMaps, { namespace: stage.namespace, name: 'a' });
    await stage.until(async () => expect((await find(configMaps, 'a'))?.data).toEqual({ x: '1' }));
    expect(await stage.updatesOf('web')).toHaveLength(1);
  });

  test('is only told where the App says so', async () => {
    await write({ 'a.yaml': map('a', { x: '1' }) });
    await createApp({ drift: 'Report' });
    await untilApp('UpToDate');
    await change();

    await untilApp('Drifted', /ConfigMap .*\/a/);
    expect((await find(configMaps, 'a'))?.data).toEqual({ x: 'changed' });
  });

  test('of what is not ours is none', async () => {
    await write({ 'a.yaml': map('a', { x: '1' }) });
    await createApp({ drift: 'Report' });
    await untilApp('UpToDate');
    const key = { namespace: stage.namespace, name: 'a' };
    await stage.client.patch(configMaps, key, { kind: 'merge', body: { data: { theirs: 'yes' } } });
    await stage.pass(6_000, 'web');

    await untilApp('UpToDate');
  });
});

describe('a deleted App', () => {
  const remove = async () => {
    await write({ 'a.yaml': map('a', {}), 'web.yaml': map('b', {}) });
    await untilApp('UpToDate');
    await stage.client.delete(apps, { namespace: stage.namespace, name: 'web' });
    await stage.until(async () => {
      expect(await stage.client.find(apps, { namespace: stage.namespace, name: 'web' })).toBeUndefined();
    });
  };

  test('leaves its objects behind', async () => {
    await createApp();
    await remove();

    expect(await find(configMaps, 'a')).toBeDefined();
  });

  test('takes its objects along where it says so', async () => {
    await createApp({ deletion: 'Prune' });
    await remove();

    expect(await find(configMaps, 'a')).toBeUndefined();
    expect(await find(configMaps, 'b')).toBeUndefined();
  });
});

test('settings that change the objects are an Update of their own', async () => {
  await write({ 'a.yaml': map('a', { x: '1', y: '1' }) });
  await createApp();
  await untilApp('UpToDate');
  const body = { spec: { deploy: { manifests: { ignore: [{ kind: 'ConfigMap', paths: ['/data/y'] }] } } } };
  await stage.client.patch(apps, { namespace: stage.namespace, name: 'web' }, { kind: 'merge', body });
  await untilPhase(2, 'Succeeded');

  expect((await find(configMaps, 'a'))?.data).toEqual({ x: '1' });
});

test('what is remembered is a set that kubectl knows', async () => {
  await write({ 'a.yaml': map('a', { x: '1' }) });
  await createApp();
  await untilApp('UpToDate');

  const parent = await find(secrets, 'headgate.web');
  const id = parent?.metadata.labels?.['applyset.kubernetes.io/id'];
  expect(id).toMatch(/^applyset-[\w-]{43}-v1$/);
  expect((await find(configMaps, 'a'))?.metadata.labels).toEqual({ 'applyset.kubernetes.io/part-of': id });
  expect(parent?.metadata.annotations).toMatchObject({ 'applyset.kubernetes.io/contains-group-kinds': 'ConfigMap' });
});

test('an App that depends on another starts in the moment that one is ready', async () => {
  await write({ 'a.yaml': map('a', {}) });
  await createApp({}, { dependsOn: ['base'] });
  await untilApp('DependencyNotReady', /base is not there/);
  await mkdir(join(folder, 'base'));
  await writeFile(join(folder, 'base', 'base.yaml'), deployment('web:1'));
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name: 'base' },
    spec: {
      interval: '1h',
      sources: [{ name: 'files', folder: { path: 'base' } }],
      deploy: { manifests: {} },
      health: { stableFor: '0s' },
    },
  });
  await stage.until(async () => {
    expect((await stage.updatesOf('base'))[0]?.status?.phase).toBe('Watching');
  });
  await stage.clock.advance(6_000);
  await untilApp('DependencyNotReady', /base is not ready/);
  completeRollouts(stage, rollouts.signal);
  await untilPhase(1, 'Succeeded');

  expect(await find(deployments, 'web')).toBeDefined();
});

test('plan tells field by field what would change, without the values of Secrets, and changes nothing', async () => {
  const secret = (password: string) =>
    JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { password } });
  await write({ 'a.yaml': map('a', { x: '1' }), 's.yaml': secret('old'), 'web.yaml': deployment('web:1') });
  await createApp({ drift: 'Report' });
  await stage.until(async () => expect((await stage.updatesOf('web'))[0]?.status?.phase).toBe('Watching'));
  const files = {
    'a.yaml': map('a', { x: '2' }),
    's.yaml': secret('new'),
    'web.yaml': deployment('web:2'),
    'n.yaml': map('n', {}),
  };
  await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(folder, 'web', name), content)));

  const kubeconfig = inject('kubeconfig');
  const plan = await planApp(
    { kubeconfig, namespace: stage.namespace, app: 'web', sourceFolder: folder },
    AbortSignal.timeout(20_000),
  );

  const at = stage.namespace;
  expect(plan.objects.map(({ object, change, lines }) => [object, change, ...lines])).toEqual([
    [`ConfigMap ${at}/a`, 'Change', '~ data.x: 1 -> 2'],
    [`ConfigMap ${at}/n`, 'Create', '+ data: {}'],
    [`Secret ${at}/s`, 'Change', '~ data.password: (secret) -> (secret)'],
    [`Deployment ${at}/web`, 'Change', '~ spec.template.spec.containers[name=web].image: web:1 -> web:2'],
  ]);
  expect((await find(configMaps, 'a'))?.data).toEqual({ x: '1' });
});
