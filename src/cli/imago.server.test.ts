/** `headgate imago` as Imago's users call it: real API server, real registries. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { pushImage } from '../../scripts/oci/push.ts';
import { makeWebImage } from '../../test/images/web-image.ts';
import { connectTo, createNamespace } from '../../test/kube/server-fixtures.ts';
import { type RunningRegistry, reader, startRegistry } from '../../test/servers/registry.ts';
import { type ProductObject, rejections, workloadTypes } from '../adapters/cluster/kinds.ts';
import { type WorkloadKind, workloadKinds } from '../core/workload/workload.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/objects.ts';
import { pods, secrets } from '../kube/resource-types.ts';
import { decodeWorkload } from '../resources/app/decode-workload.ts';
import { runProgram } from './program.ts';

type Text = Readonly<Record<string, string>>;

interface WorkloadObject extends KubeObject {
  readonly spec: object;
}

const key = 'imago-config-spec';

let client: KubeClient;
let registry: RunningRegistry;
let namespace: string;
let first: string;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
  registry = await startRegistry();
});

beforeEach(async () => {
  namespace = await createNamespace(client);
  first = await push('one');
});

afterAll(async () => {
  await Promise.all([client.close(), registry.stop()]);
});

/** Moves the tag `web:1` to another image. */
async function push(version: string, host = registry.host, repository = 'web'): Promise<string> {
  return await pushImage(makeWebImage({ version }), { host, repository, tag: '1', insecure: true });
}

async function imago(...words: readonly string[]): Promise<{ code: number; out: string; error: string }> {
  let out = '';
  let error = '';
  const common = ['-kubeconfig', inject('kubeconfig'), '--insecure-registry', registry.host];
  const code = await runProgram(['imago', ...common, ...words], {
    out: (text) => {
      out += text.replaceAll(registry.host, 'HOST').replaceAll(namespace, 'NS');
    },
    error: (text) => {
      error += text;
    },
    signal: new AbortController().signal,
  });
  return { code, out, error };
}

interface Wanted {
  readonly kind?: WorkloadKind;
  readonly name?: string;
  readonly image?: string;
  readonly annotations?: Text;
  readonly podSpec?: object;
}

async function create({ kind = 'Deployment', name = 'web', image = 'web:1', annotations, podSpec }: Wanted = {}) {
  const labels = { app: name };
  const container = { name: 'app', image: image.includes('/') ? image : `${registry.host}/${image}` };
  const restartPolicy = kind === 'CronJob' ? 'Never' : 'Always';
  const template = { metadata: { labels }, spec: { restartPolicy, containers: [container], ...podSpec } };
  const spec =
    kind === 'CronJob'
      ? { schedule: '* * * * *', jobTemplate: { spec: { template } } }
      : { selector: { matchLabels: labels }, template, ...(kind === 'StatefulSet' && { serviceName: name }) };
  const metadata = { name, namespace, labels, ...(annotations && { annotations }) };
  await client.create<WorkloadObject>(workloadTypes[kind], { metadata, spec });
}

/** Image without host, the stored configuration, and the stamp of a restart. */
async function stateOf(kind: WorkloadKind = 'Deployment', name = 'web') {
  const object = await client.get<WorkloadObject>(workloadTypes[kind], { namespace, name });
  const image = decodeWorkload(kind, object).containers[0]?.image.replace(`${registry.host}/`, '');
  const stored = object.metadata.annotations?.[key]?.replaceAll(`${registry.host}/`, '');
  return { image, stored, isRestarted: JSON.stringify(object.spec).includes('imago/restartedAt') };
}

const storedOf = (image: string) => JSON.stringify({ containers: [{ name: 'app', image }], initContainers: [] });

test.each(workloadKinds)('a %s is pinned, and its reference stored; the next run finds nothing to do', async (kind) => {
  await create({ kind });

  const dry = await imago('-n', namespace);
  expect(dry).toEqual({
    code: 0,
    out: `checking NS/${kind}/web\n    app need to be updated from HOST/web:1 to HOST/web:1@${first}\n`,
    error: '',
  });
  expect(await stateOf(kind)).toEqual({ image: 'web:1', stored: undefined, isRestarted: false });

  const { code, out } = await imago('-n', namespace, '-update');
  expect({ code, end: out.split('\n').at(-2) }).toEqual({ code: 0, end: `update NS/${kind}/web` });
  expect(await stateOf(kind)).toEqual({ image: `web:1@${first}`, stored: storedOf('web:1'), isRestarted: false });

  expect((await imago('-n', namespace, '--update')).out).toBe(`checking NS/${kind}/web\n    app ok\n`);
});

test('a moved tag is followed, an image that a person pinned is not', async () => {
  await create({ image: `web@sha256:${'a'.repeat(64)}`, annotations: { [key]: storedOf(`${registry.host}/web:1`) } });
  await create({ name: 'fixed', image: `web@sha256:${'b'.repeat(64)}` });
  const second = await push('two');

  const { out } = await imago('-n', namespace, '-update');

  expect(out).toContain('    app ok (fixed digest)\n');
  expect(await stateOf()).toMatchObject({ image: `web:1@${second}`, stored: storedOf('web:1') });
  expect(await stateOf('Deployment', 'fixed')).toMatchObject({
    image: `web@sha256:${'b'.repeat(64)}`,
    stored: undefined,
  });
});

test('restart: the references of before, no annotation, pods made anew', async () => {
  await create();
  await imago('-n', namespace, '-update');
  await createPod(first);
  const second = await push('two');

  const dry = await imago('-n', namespace, '-check-pods');
  expect(dry.out).toContain(`    app on web-1 need to be updated from ${first} to HOST/web:1@${second}\n`);
  const { code, out } = await imago('-n', namespace, '-restart');

  expect(code).toBe(0);
  expect(out).toContain('restart NS/Deployment/web\n');
  expect(await stateOf()).toEqual({ image: 'web:1', stored: undefined, isRestarted: true });
});

test('pods that run what the tag means are left alone', async () => {
  await create();
  await createPod(first);

  const { out } = await imago('-n', namespace, '-restart');

  expect(out).toBe('checking NS/Deployment/web\n    app on web-1 ok\n');
  expect(await stateOf()).toEqual({ image: 'web:1', stored: undefined, isRestarted: false });
});

test('a version that was rejected in this namespace is not set', async () => {
  await create();
  await imago('-n', namespace, '-update');
  const second = await push('two');
  const spec = { app: 'anything', digest: second, reason: 'CrashLoop', author: 'ann' };
  await client.create<ProductObject>(rejections, { metadata: { namespace, name: 'bad' }, spec });

  const { code, out } = await imago('-n', namespace, '-update');

  expect({ code, line: out.split('\n')[1] }).toEqual({
    code: 0,
    line: `    app left as it is: ${second} was rejected (CrashLoop)`,
  });
  expect(await stateOf()).toMatchObject({ image: `web:1@${first}` });
});

test('two workloads with one reference are one question', async () => {
  await create();
  await create({ name: 'other' });
  const before = (await registry.accessLog()).length;

  await imago('-n', namespace);

  expect((await registry.accessLog()).length).toBe(before + 1);
});

describe('what fails is said, the others go on, and the exit code is 1', () => {
  test.each<[string, Wanted, string]>([
    [
      'a tag that is not there',
      { image: 'web:none' },
      'app unable to get digest: HOST/web:none is not in the registry',
    ],
    ['a registry that is not there', { image: '127.0.0.1:1/web:1' }, 'app unable to get digest: '],
    ['no reference', { image: 'A/B' }, 'app unable to get digest: read image name "A/B"'],
    [
      'an annotation that is no JSON',
      { annotations: { [key]: '{' } },
      'failed to check NS/Deployment/bad: imago-config-spec: is not JSON',
    ],
  ])('%s', async (_, wanted, said) => {
    await create({ ...wanted, name: 'bad' });
    await create({ name: 'good' });

    const { code, out } = await imago('-n', namespace, '-update');

    expect(code).toBe(1);
    expect(out).toContain(said);
    expect(await stateOf('Deployment', 'good')).toMatchObject({ image: `web:1@${first}` });
  });
});

test('pull secrets of the workload are used', async () => {
  const closed = await startRegistry({ storage: registry.storage, auth: { kind: 'basic' } });
  const auth = Buffer.from(`${reader.username}:${reader.password}`).toString('base64');
  const config = JSON.stringify({ auths: { [closed.host]: { auth } } });
  await client.create(secrets, {
    metadata: { namespace, name: 'pull' },
    ...{
      type: 'kubernetes.io/dockerconfigjson',
      data: { '.dockerconfigjson': Buffer.from(config).toString('base64') },
    },
  });
  await create({ image: `${closed.host}/web:1`, podSpec: { imagePullSecrets: [{ name: 'pull' }] } });
  await create({ name: 'without', image: `${closed.host}/web:1` });

  const { code, out } = await imago('-n', namespace, '-insecure-registry', closed.host, '-update');

  expect(code).toBe(1);
  expect(out).toMatch(/checking NS\/Deployment\/without\n {4}app unable to get digest: .*401/);
  expect(JSON.stringify(await client.get(workloadTypes.Deployment, { namespace, name: 'web' }))).toContain(
    `web:1@${first}`,
  );
  await closed.stop();
});

describe('which workloads', () => {
  test.each<[words: readonly string[], names: readonly string[]]>([
    [
      ['-n', 'NS'],
      ['a', 'b'],
    ],
    [['-n', 'NS', '-l', 'app=a'], ['a']],
    [['-n', 'NS', '-field-selector', 'metadata.name=b'], ['b']],
    [
      ['-A', '-l', 'app in (a,b)', '-field-selector=metadata.namespace=NS'],
      ['a', 'b'],
    ],
    [
      ['-x', 'default', '-field-selector=metadata.namespace=NS'],
      ['a', 'b'],
    ],
    [['-x', 'NS', '-field-selector=metadata.namespace=NS'], []],
    [['-n', 'NS', '-n', 'default', '-l', 'app=a'], ['a']],
  ])('%j', async (words, names) => {
    await create({ name: 'a' });
    await create({ name: 'b' });

    const { code, out } = await imago(...words.map((word) => word.replace('NS', namespace)));

    expect(code).toBe(0);
    expect([...out.matchAll(/^checking NS\/Deployment\/(.*)$/gm)].map((match) => match[1])).toEqual(names);
  });

  test.each([
    [['-A', '-n', 'demo'], "you can't use -n with --all-namespaces"],
    [['-n'], '-n: needs a value'],
    [['web'], 'too many arguments'],
    [['-unknown'], 'unknown option'],
  ])('%j is wrong use', async (words, problem) => {
    const { code, error } = await imago(...words);

    expect(code).toBe(2);
    expect(error).toContain(problem);
  });
});

/** A pod as a kubelet would report it. */
async function createPod(digest: string): Promise<void> {
  const image = `${registry.host}/web:1`;
  const metadata = { namespace, name: 'web-1', labels: { app: 'web' } };
  await client.create(pods, { metadata, ...{ spec: { containers: [{ name: 'app', image }] } } });
  const imageID = `${registry.host}/web@${digest}`;
  const status = {
    phase: 'Running',
    containerStatuses: [{ name: 'app', image, imageID, ready: true, restartCount: 0, state: {} }],
  };
  await client.patch(
    pods,
    { namespace, name: 'web-1' },
    { kind: 'merge', body: { status } },
    { subresource: 'status' },
  );
}
