/** What stands of an App, what an Update changes, and what its pods write: on a real API server, with a played kubelet behind it. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type ApiStage, openApiStage, type Rule, reader } from '../../../test/api-stage.ts';
import { openEventStream } from '../../../test/event-stream.ts';
import { type PlayedKubelet, playKubelet } from '../../../test/kube/played-kubelet.ts';
import { configMap, deploymentOf } from '../../../test/manifests/folder-apps.ts';
import { completeRollouts } from '../../../test/runtime-stage.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import { configMaps } from '../../kube/resource-types.ts';

const core = (resources: string, verbs: readonly string[]): Rule => ({
  apiGroups: [''],
  resources: [resources],
  verbs,
});

let stage: ApiStage;
let kubelet: PlayedKubelet;
let folder: string;
let end: AbortController;
/** Everything; nothing but what Headgate's own kinds say. */
let admin: string;
let viewer: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-resources-'));
  end = new AbortController();
  stage = await openApiStage(inject('kubeconfig'), {}, { sourceFolder: folder });
  kubelet = await playKubelet(stage.client);
  completeRollouts(stage, end.signal);
  viewer = await stage.person('viewer', [reader]);
  admin = await stage.person('admin', [
    reader,
    { apiGroups: ['headgate.dev'], resources: ['updates/objects'], verbs: ['get'] },
    { apiGroups: ['headgate.dev'], resources: ['apps'], verbs: ['check'] },
    core('pods', ['list']),
    core('pods/log', ['get']),
    core('secrets', ['get']),
  ]);
  await put({
    'web/deployment.yaml': deploymentOf('registry.invalid/web:1'),
    'settings.yaml': configMap('settings', { color: 'blue' }),
    'old.yaml': configMap('old', { x: '1' }),
    'login.yaml': secret('first'),
  });
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name: 'files' },
    spec: {
      interval: '5s',
      sources: [{ name: 'files', folder: { path: 'files' } }],
      deploy: { manifests: { drift: 'Report' } },
      health: { timeout: '60s', stableFor: '0s' },
    },
  });
  await untilUpdate(1, 'Succeeded');
  await kubelet.run({
    namespace: stage.namespace,
    name: 'web-1',
    labels: { app: 'web' },
    image: 'registry.invalid/web:1',
  });
  await kubelet.run({
    namespace: stage.namespace,
    name: 'stranger',
    labels: { app: 'stranger' },
    image: 'registry.invalid/stranger:1',
  });
});

afterAll(async () => {
  end.abort();
  await kubelet.stop();
  await stage.stop();
  await rm(folder, { recursive: true, force: true });
});

const secret = (password: string) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'login' }, stringData: { password } });

async function put(files: Readonly<Record<string, string>>): Promise<void> {
  await rm(join(folder, 'files'), { recursive: true, force: true });
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, 'files', name)), { recursive: true });
    await writeFile(join(folder, 'files', name), content);
  }
}

const ask = (path: string, token: string | undefined = admin) => stage.ask(`/api/v1/${path}`, { token });

async function untilUpdate(sequence: number, phase: string): Promise<void> {
  await stage.until(async () => {
    await stage.clock.advance(1_000);
    const { body } = await ask(`updates/${stage.namespace}/files-${sequence}`);
    expect(body).toMatchObject({ phase });
  });
}

interface Item {
  readonly kind: string;
  readonly name: string;
}

const items = (body: unknown) => (body as { items: readonly Item[] }).items;
const objects = (body: unknown) => (body as { objects: readonly Item[] }).objects;

test('the objects of an App are told with health, and with their pods to whoever may list those', async () => {
  await stage.until(async () => {
    const { body } = await ask(`apps/${stage.namespace}/files/resources`);
    expect(items(body).find(({ kind }) => kind === 'Deployment')).toMatchObject({
      name: 'web',
      apiVersion: 'apps/v1',
      health: 'Current',
      replicas: { wanted: 1, ready: 1 },
      images: [{ container: 'web', image: 'registry.invalid/web:1' }],
      pods: [{ name: 'web-1', phase: 'Running', ready: 1, containers: 1, restarts: 0 }],
    });
    expect(
      items(body)
        .map(({ kind, name }) => `${kind}/${name}`)
        .toSorted(),
    ).toEqual(['ConfigMap/old', 'ConfigMap/settings', 'Deployment/web', 'Secret/login']);
  });
  const { body } = await ask(`apps/${stage.namespace}/files/resources`, viewer);
  expect(items(body).find(({ kind }) => kind === 'Deployment')).not.toHaveProperty('pods');
});

test('an Update tells what it changes, file by file and field by field, and no word of what Secrets hold', async () => {
  await put({
    'web/deployment.yaml': deploymentOf('registry.invalid/web:2'),
    'settings.yaml': configMap('settings', { color: 'green', size: 'large' }),
    'new.yaml': configMap('new', { y: '2' }),
    'login.yaml': secret('second'),
  });
  await untilUpdate(2, 'Succeeded');

  const { body, text } = await ask(`updates/${stage.namespace}/files-2/objects`);

  expect(body).toMatchObject({ kept: true });
  const told = new Map(objects(body).map((one) => [`${one.kind}/${one.name}`, one]));
  expect(told.get('ConfigMap/settings')).toMatchObject({
    file: 'settings.yaml',
    change: 'Configured',
    lines: ['~ data.color: blue -> green', '+ data.size: large'],
    done: true,
  });
  expect(told.get('ConfigMap/new')).toMatchObject({ file: 'new.yaml', change: 'Created', done: true });
  expect(told.get('ConfigMap/old')).toMatchObject({ change: 'Pruned', done: true });
  expect(told.get('Deployment/web')).toMatchObject({
    file: 'web/deployment.yaml',
    lines: ['~ spec.template.spec.containers[name=web].image: registry.invalid/web:1 -> registry.invalid/web:2'],
  });
  expect(told.get('Secret/login')).toMatchObject({
    change: 'Configured',
    lines: ['~ stringData.password: (secret) -> (secret)'],
  });
  expect(text).not.toMatch(/first|second/);

  expect((await ask(`updates/${stage.namespace}/files-2/objects`, viewer)).status).toBe(403);
  const first = await ask(`updates/${stage.namespace}/files-1/objects`);
  expect(objects(first.body)).toHaveLength(4);
  expect(objects(first.body)[0]).not.toHaveProperty('done');
});

test('what somebody else changed is told at the object', async () => {
  const key = { namespace: stage.namespace, name: 'settings' };
  const change = { kind: 'merge', body: { data: { color: 'red' } } } as const;
  await stage.client.patch(configMaps, key, change, { fieldManager: 'kubectl-edit' });

  await stage.until(async () => {
    const { body } = await ask(`apps/${stage.namespace}/files/resources`);
    expect(items(body).filter((one) => 'drift' in one)).toEqual([
      expect.objectContaining({ name: 'settings', drift: 'somebody else changed it' }),
    ]);
  });
});

const log = `pods/web-1/log?container=web`;

test('what a container writes is there as it writes it, until it ends', async () => {
  const path = `updates/${stage.namespace}/files-2`;
  expect(items((await ask(`${path}/pods`)).body)).toEqual([
    expect.objectContaining({
      name: 'web-1',
      part: 'Deployment/web',
      containers: [expect.objectContaining({ name: 'web' })],
    }),
  ]);
  kubelet.write('web-1', 'web', 'one\ntwo\n');
  const stream = await openEventStream(`${stage.address}/api/v1/${path}/${log}`, { authorization: `Bearer ${admin}` });
  const lines = () => stream.events.flatMap(({ event, data }) => (event === 'line' ? [data] : []));
  await stream.until(() => expect(lines()).toEqual(['one', 'two']));

  kubelet.write('web-1', 'web', 'three <b>of</b> \u001b[31mfour\n');
  await stream.until(() => expect(lines()).toEqual(['one', 'two', 'three <b>of</b> \u001b[31mfour']));
  kubelet.end('web-1', 'web');
  await stream.until(() => expect(stream.events.at(-1)).toMatchObject({ event: 'end', data: {} }));
  await stream.closed;
});

test('a log is let go when nobody reads it any more', async () => {
  await kubelet.run({
    namespace: stage.namespace,
    name: 'web-2',
    labels: { app: 'web' },
    image: 'registry.invalid/web:2',
    env: { HEADGATE_UPDATE: 'files-2' },
  });
  const path = `updates/${stage.namespace}/files-2/pods/web-2/log?container=web`;
  const stream = await openEventStream(`${stage.address}/api/v1/${path}`, { authorization: `Bearer ${admin}` });
  await stage.until(() => expect(kubelet.followers).toBe(1));
  stream.close();
  await stage.until(() => expect(kubelet.followers).toBe(0));
});

test.each([
  ['of a pod of somebody else', 'pods/stranger/log?container=web', 404],
  ['of a container that is not there', 'pods/web-1/log?container=other', 404],
  ['with a path for a name', 'pods/..%2f..%2fsecrets/log?container=web', 400],
  ['without a container', 'pods/web-1/log', 400],
])('a log %s is not shown', async (_, path, status) => {
  expect((await ask(`updates/${stage.namespace}/files-2/${path}`)).status).toBe(status);
});

test('without the right to logs there are none', async () => {
  for (const path of ['pods', log]) {
    expect((await ask(`updates/${stage.namespace}/files-2/${path}`, viewer)).status).toBe(403);
    expect((await stage.ask(`/api/v1/updates/${stage.namespace}/files-2/${path}`)).status).toBe(401);
  }
});

interface Forced {
  readonly body?: string;
  readonly method?: string;
  readonly token?: string;
}

test.each<[string, Forced, number, string]>([
  ['by a form, as utilitywarehouse does', { body: 'namespace=NS' }, 200, 'success'],
  ['with nothing, as box does', {}, 200, 'success'],
  [
    'of another namespace',
    { body: 'namespace=elsewhere' },
    400,
    "cannot find Apps made of manifests in namespace 'elsewhere'",
  ],
  ['by GET', { method: 'GET' }, 400, 'must be a POST request'],
  ['without rights', { body: 'namespace=NS', token: 'viewer' }, 400, 'cannot find Apps made of manifests'],
])("kube-applier's forceRun %s is answered %j %i", async (_, { body, method = 'POST', token }, status, said) => {
  const answer = await stage.ask('/api/v1/forceRun', {
    method,
    token: token === 'viewer' ? viewer : admin,
    ...(body === undefined
      ? {}
      : {
          body: body.replace('NS', stage.namespace),
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        }),
  });

  expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(said)]);
});

test('a run that was forced looks at the files at once', async () => {
  await put({ 'settings.yaml': configMap('settings', { color: 'white' }) });
  // Without the clock moving on the App would not look.
  const answer = await stage.ask('/api/v1/forceRun', { method: 'POST', token: admin });
  expect(answer.status).toBe(200);
  await stage.until(async () => {
    const { body } = await ask(`updates/${stage.namespace}/files-3`);
    expect(body).toMatchObject({ phase: 'Succeeded' });
  });
  expect((await stage.ask('/api/v1/forceRun', { method: 'POST' })).status).toBe(401);
});
