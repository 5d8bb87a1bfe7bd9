import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { refuseImages } from '../../../test/admission.ts';
import { connectTo, createNamespace } from '../../../test/kube/server-fixtures.ts';
import type { Workload, WorkloadKind } from '../../core/workload/workload.ts';
import { workloadKinds } from '../../core/workload/workload.ts';
import type { ImageSetting } from '../../engine/ports/workloads.ts';
import { createKubeClient, type KubeClient } from '../../kube/client.ts';
import { fixedCredentials } from '../../kube/credentials.ts';
import { loadKubeConfig } from '../../kube/kubeconfig.ts';
import type { KubeObject, ResourceType } from '../../kube/objects.ts';
import { serviceAccounts } from '../../kube/resource-types.ts';
import { decodeWorkload } from '../../resources/app/decode-workload.ts';
import { workloadTypes } from './kinds.ts';
import { type Watched, watch } from './watched.ts';
import { ClusterWorkloads } from './workloads.ts';

type Json = Readonly<Record<string, unknown>>;

let client: KubeClient;
let namespace: string;
let stop: AbortController;
const never = new AbortController().signal;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
});

beforeEach(async () => {
  namespace = await createNamespace(client);
  stop = new AbortController();
});

afterEach(() => stop.abort());

afterAll(() => client.close());

const labels = { app: 'web' };

/** A pod template with what people, Helm charts and injectors put into one. */
const template = {
  metadata: { labels, annotations: { 'prometheus.io/scrape': 'true' } },
  spec: {
    restartPolicy: 'Always',
    initContainers: [
      { name: 'migrate', image: 'web:1.0.0', command: ['migrate'] },
      { name: 'proxy', image: 'proxy:7', restartPolicy: 'Always' },
    ],
    containers: [
      { name: 'log', image: 'log:3.2', resources: { limits: { memory: '64Mi' } } },
      {
        name: 'app',
        image: 'web:1.0.0',
        env: [{ name: 'MODE', value: 'fast' }],
        ports: [{ containerPort: 8080 }],
        readinessProbe: { httpGet: { path: '/ready', port: 8080 } },
      },
    ],
  },
};

const once = { ...template, spec: { ...template.spec, restartPolicy: 'Never' } };
const selector = { matchLabels: labels };

const specs: Readonly<Record<WorkloadKind, Json>> = {
  Deployment: { replicas: 3, selector, template, strategy: { type: 'Recreate' } },
  StatefulSet: { replicas: 2, selector, template, serviceName: 'web' },
  DaemonSet: { selector, template, updateStrategy: { type: 'OnDelete' } },
  CronJob: { schedule: '*/5 * * * *', jobTemplate: { spec: { backoffLimit: 1, template: once } } },
};

interface WorkloadObject extends KubeObject {
  readonly spec: Json;
  readonly status?: Json;
}

async function create(kind: WorkloadKind, name = 'web'): Promise<Workload> {
  const type = workloadTypes[kind];
  const metadata = { namespace, name, labels: { team: 'shop' }, annotations: { note: 'keep me' } };
  return decodeWorkload(kind, await client.create<WorkloadObject>(type, { metadata, spec: specs[kind] }));
}

function get(kind: WorkloadKind, name = 'web'): Promise<WorkloadObject> {
  return client.get<WorkloadObject>(workloadTypes[kind], { namespace, name });
}

/** The adapter over real watches of the namespace. */
function openWorkloads(through: KubeClient = client): ClusterWorkloads {
  const watched = Object.fromEntries(
    workloadKinds.map((kind) => {
      const decode = (object: KubeObject) => decodeWorkload(kind, object);
      const options = {
        client,
        namespaces: [namespace],
        onChange: () => undefined,
        onError: () => undefined,
        onProblem: () => undefined,
      };
      return [kind, watch<Workload>({ ...options, type: workloadTypes[kind], decode, signal: stop.signal })];
    }),
  ) as Record<WorkloadKind, Watched<Workload>>;
  return new ClusterWorkloads({
    client: through,
    watched,
    onPodChange: () => undefined,
    onError: () => undefined,
    signal: stop.signal,
  });
}

function setting(container: string, fields: Partial<ImageSetting> = {}): ImageSetting {
  return { container, init: false, expected: 'web:1.0.0', image: 'web:1.1.0', ...fields };
}

/** What remains of an object when what every write moves is left out. */
function lasting(object: WorkloadObject): Json {
  const { resourceVersion: _, generation: __, managedFields: ___, annotations = {}, ...metadata } = object.metadata;
  // The API server's own second generation of a DaemonSet.
  const { 'deprecated.daemonset.template.generation': ____, ...rest } = annotations;
  return { ...object, metadata: { ...metadata, annotations: rest } };
}

/** The same object with other texts for images, wherever they stand. */
function withImages(object: Json, images: Readonly<Record<string, string>>): Json {
  const replace = (_key: string, value: unknown) =>
    typeof value === 'object' && value !== null && 'image' in value && 'name' in value
      ? { ...value, image: images[String(value.name)] ?? value.image }
      : value;
  return JSON.parse(JSON.stringify(object, replace)) as Json;
}

describe('setting images', () => {
  test.each(workloadKinds)('of a %s changes the images and nothing else', async (kind) => {
    const workload = await create(kind);
    const before = await get(kind);

    const answer = await openWorkloads().setImages(
      workload,
      [setting('app'), setting('migrate', { init: true })],
      never,
    );

    const after = await get(kind);
    expect(lasting(after)).toEqual(withImages(lasting(before), { app: 'web:1.1.0', migrate: 'web:1.1.0' }));
    expect(answer).toEqual(decodeWorkload(kind, after));
    expect(answer.containers).toEqual([
      { name: 'log', image: 'log:3.2', init: false },
      { name: 'app', image: 'web:1.1.0', init: false },
      { name: 'migrate', image: 'web:1.1.0', init: true },
      { name: 'proxy', image: 'proxy:7', init: true },
    ]);
  });

  test('owns only the images, so that whoever scales the workload is left alone', async () => {
    const workload = await create('Deployment');

    await openWorkloads().setImages(workload, [setting('app')], never);

    const { metadata } = await get('Deployment');
    const ours = metadata.managedFields?.filter((entry) => JSON.stringify(entry).includes('"manager":"headgate"'));
    expect(ours).toHaveLength(1);
    expect(ours?.[0]).toMatchObject({
      operation: 'Update',
      fieldsV1: {
        'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"app"}': { 'f:image': {} } } } } },
      },
    });
    expect(JSON.stringify(ours)).not.toMatch(/f:replicas|f:env|f:metadata|"log"/);
  });

  test('holds while somebody else scales and annotates at the same time', async () => {
    const workload = await create('Deployment');
    const body = { metadata: { annotations: { at: 'same time' } }, spec: { replicas: 9 } };
    await client.patch(workloadTypes.Deployment, { namespace, name: 'web' }, { kind: 'merge', body });

    await openWorkloads().setImages(workload, [setting('app')], never);

    const { metadata, spec } = await get('Deployment');
    expect(metadata.annotations).toMatchObject({ note: 'keep me', at: 'same time' });
    expect(spec['replicas']).toBe(9);
  });
});

async function edit(body: readonly Json[]): Promise<void> {
  await client.patch(workloadTypes.Deployment, { namespace, name: 'web' }, { kind: 'json', body });
}

const containers = '/spec/template/spec/containers';

describe('setting images is refused as a conflict', () => {
  test.each<{ name: string; meanwhile: () => Promise<unknown> }>([
    {
      name: 'the image is another one by now',
      meanwhile: () => edit([{ op: 'replace', path: `${containers}/1/image`, value: 'web:1.0.1' }]),
    },
    { name: 'the container is gone', meanwhile: () => edit([{ op: 'remove', path: `${containers}/1` }]) },
    {
      name: 'another container took its place',
      meanwhile: () => edit([{ op: 'add', path: `${containers}/0`, value: { name: 'first', image: 'first:1' } }]),
    },
    {
      name: 'the workload is gone',
      meanwhile: () => client.delete(workloadTypes.Deployment, { namespace, name: 'web' }),
    },
  ])('when $name', async ({ meanwhile }) => {
    const workload = await create('Deployment');
    await meanwhile();
    const before = await client.find(workloadTypes.Deployment, { namespace, name: 'web' });

    await expect(openWorkloads().setImages(workload, [setting('app')], never)).rejects.toMatchObject({
      code: 'UPDATE_CONFLICT',
      retry: 'backoff',
      message: expect.stringContaining('Deployment'),
    });

    expect(await client.find(workloadTypes.Deployment, { namespace, name: 'web' })).toEqual(before);
  });

  test('when one of two images is another one, and then neither is set', async () => {
    const workload = await create('Deployment');
    await edit([{ op: 'replace', path: `${containers}/1/image`, value: 'web:1.0.1' }]);
    const settings = [setting('log', { expected: 'log:3.2', image: 'log:4' }), setting('app')];

    await expect(openWorkloads().setImages(workload, settings, never)).rejects.toMatchObject({
      code: 'UPDATE_CONFLICT',
    });

    const { containers: now } = decodeWorkload('Deployment', await get('Deployment'));
    expect(now.slice(0, 2).map(({ image }) => image)).toEqual(['log:3.2', 'web:1.0.1']);
  });
});

describe('a refusal of the API server', () => {
  test('for an image that it does not take is API_INVALID and names the field', async () => {
    const workload = await create('Deployment');

    await expect(openWorkloads().setImages(workload, [setting('app', { image: '' })], never)).rejects.toMatchObject({
      code: 'API_INVALID',
      retry: 'never',
      message: expect.stringContaining('spec.template.spec.containers[1].image'),
    });
  });

  test('by an admission policy is API_REJECTED and says what the policy says', async () => {
    const workload = await create('Deployment');
    await refuseImages(client, namespace, { marker: 'web:1.1', message: 'images must be scanned' });

    await expect(openWorkloads().setImages(workload, [setting('app')], never)).rejects.toMatchObject({
      code: 'API_REJECTED',
      message: expect.stringContaining('images must be scanned'),
    });
  });

  test('for lack of rights is API_FORBIDDEN and names verb and resource', async () => {
    const workload = await create('Deployment');
    const poor = await connectAsReader();

    await expect(openWorkloads(poor).setImages(workload, [setting('app')], never)).rejects.toMatchObject({
      code: 'API_FORBIDDEN',
      message: expect.stringMatching(/cannot patch resource "deployments" in API group "apps"/),
    });
    await expect(openWorkloads(poor).read(workload, never)).resolves.toMatchObject({ name: 'web' });

    await poor.close();
  });
});

const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1', namespaced: true };
const roles: ResourceType = { ...rbac, plural: 'roles', kind: 'Role' };
const roleBindings: ResourceType = { ...rbac, plural: 'rolebindings', kind: 'RoleBinding' };

/** A client that may read Deployments of the namespace and nothing else. */
async function connectAsReader(): Promise<KubeClient> {
  const metadata = { namespace, name: 'reader' };
  await client.create(serviceAccounts, { metadata });
  const role = {
    metadata,
    rules: [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['get', 'list', 'watch'] }],
  };
  await client.create<KubeObject & typeof role>(roles, role);
  const binding = {
    metadata,
    roleRef: { apiGroup: rbac.group, kind: 'Role', name: 'reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace }],
  };
  await client.create<KubeObject & typeof binding>(roleBindings, binding);
  const answer = (await client.request({
    what: 'ask for a token',
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/reader/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } },
  })) as { readonly status: { readonly token: string } };
  const config = await loadKubeConfig({ path: inject('kubeconfig') });
  return createKubeClient({
    ...config,
    credentials: fixedCredentials({ authorization: `Bearer ${answer.status.token}` }),
  });
}

describe('the watched copy', () => {
  test('lists all four kinds and finds one by name', async () => {
    await Promise.all(workloadKinds.map((kind) => create(kind)));
    const workloads = openWorkloads();

    await expect
      .poll(() => workloads.list(namespace).map(({ kind }) => kind), { timeout: 15_000 })
      .toEqual([...workloadKinds]);
    expect(workloads.find({ kind: 'CronJob', namespace, name: 'web' })).toEqual(
      decodeWorkload('CronJob', await get('CronJob')),
    );
    expect(workloads.find({ kind: 'CronJob', namespace, name: 'other' })).toBeUndefined();
    expect(workloads.list('other')).toEqual([]);
  });
});
