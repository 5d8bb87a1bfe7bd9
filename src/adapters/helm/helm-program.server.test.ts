import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { locateTools } from '../../../test/cluster/binaries.ts';
import { waitUntil } from '../../../test/cluster/wait-until.ts';
import { hookTemplate, packChart, settingsTemplate, testPodTemplate } from '../../../test/helm/charts.ts';
import { endPod } from '../../../test/helm/interruptions.ts';
import { type ConfigMap, connectTo, createConfigMap, createNamespace } from '../../../test/kube/server-fixtures.ts';
import { allow } from '../../../test/manifests/stage.ts';
import type { HelmOperation } from '../../engine/ports/helm.ts';
import type { KubeClient } from '../../kube/client.ts';
import { createGateway, type Gateway } from '../../kube/gateway.ts';
import { loadKubeConfig } from '../../kube/kubeconfig.ts';
import { configMaps } from '../../kube/resource-types.ts';
import { type HelmPrograms, runHelm } from './helm-program.ts';

const signal = AbortSignal.timeout(120_000);
const settingsDigest = `sha256:${'0'.repeat(64)}`;

let client: KubeClient;
let gateway: Gateway;
let programs: HelmPrograms;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
  gateway = createGateway(await loadKubeConfig({ path: inject('kubeconfig') }));
  programs = await locateTools(['helm', 'kubectl']);
});

afterAll(async () => {
  await gateway.close();
  await client.close();
});

function run(namespace: string, operation: HelmOperation, inner: AbortSignal = signal) {
  return runHelm({ programs, gateway, assertLeading: () => undefined }, { namespace, name: 'web' }, operation, inner);
}

function upgrade(
  archive: Uint8Array,
  fields: Partial<Extract<HelmOperation, { kind: 'Upgrade' }>> = {},
): HelmOperation {
  return {
    kind: 'Upgrade',
    chart: { kind: 'Archive', archive },
    values: { color: 'green' },
    secrets: [],
    marks: { app: 'web', update: 'web-1', chartDigest: undefined, chartVersion: '1.0.0', settingsDigest },
    kustomization: undefined,
    maxHistory: 5,
    crds: 'Skip',
    timeoutMs: 20_000,
    serviceAccount: undefined,
    ...fields,
  };
}

async function settings(namespace: string) {
  return (await client.find<ConfigMap>(configMaps, { namespace, name: 'web-settings' }))?.data;
}

const chart = () => packChart({ version: '1.0.0', files: { 'templates/settings.yaml': settingsTemplate } });

test('installs, upgrades, goes back and uninstalls', async () => {
  const namespace = await createNamespace(client);
  const archive = await chart();

  expect(await run(namespace, upgrade(archive))).toEqual({ kind: 'Done', log: '' });
  expect(await settings(namespace)).toEqual({ color: 'green', version: '1.0.0' });
  expect(await run(namespace, upgrade(archive, { values: { color: 'red' } }))).toMatchObject({ kind: 'Done' });
  expect(await settings(namespace)).toMatchObject({ color: 'red' });
  const back = {
    kind: 'Rollback',
    revision: 1,
    maxHistory: 5,
    crds: [],
    timeoutMs: 20_000,
    serviceAccount: undefined,
  } as const;
  expect(await run(namespace, back)).toMatchObject({ kind: 'Done' });
  expect(await settings(namespace)).toMatchObject({ color: 'green' });
  expect(await run(namespace, { kind: 'Uninstall', timeoutMs: 20_000, serviceAccount: undefined })).toMatchObject({
    kind: 'Done',
  });
  expect(await settings(namespace)).toBeUndefined();
});

test('takes over an object that stands there, whoever owns its fields', async () => {
  const namespace = await createNamespace(client);
  await createConfigMap(client, namespace, 'web-settings', { color: 'blue', other: 'kept' });

  expect(await run(namespace, upgrade(await chart()))).toMatchObject({ kind: 'Done' });
  expect(await settings(namespace)).toEqual({ color: 'green', version: '1.0.0', other: 'kept' });
});

test('rendered objects and hooks go through a kustomization', async () => {
  const namespace = await createNamespace(client);
  const kustomization = JSON.stringify({
    resources: ['/dev/stdin'],
    patches: [{ target: { kind: 'ConfigMap' }, patch: '[{"op":"add","path":"/data/added","value":"by a patch"}]' }],
  });

  expect(await run(namespace, upgrade(await chart(), { kustomization }))).toMatchObject({ kind: 'Done' });
  expect(await settings(namespace)).toEqual({ color: 'green', version: '1.0.0', added: 'by a patch' });
});

test('acts as a ServiceAccount that may do nothing', async () => {
  const namespace = await createNamespace(client);

  const result = await run(namespace, upgrade(await chart(), { serviceAccount: 'nobody' }));

  expect(result).toMatchObject({ kind: 'Failed' });
  expect(JSON.stringify(result)).toContain(`system:serviceaccount:${namespace}:nobody`);
});

test('a CRD of the chart is there before the objects of its kind, and goes back with a rollback; Skip leaves it out', async () => {
  const namespace = await createNamespace(client);
  const group = `${namespace}.example.com`;
  const crd = JSON.stringify({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  });
  const archive = await packChart({
    version: '1.0.0',
    files: {
      'crds/widgets.yaml': crd,
      'templates/widget.yaml': `apiVersion: ${group}/v1\nkind: Widget\nmetadata: { name: one }\n`,
    },
  });

  expect(await run(namespace, upgrade(archive))).toMatchObject({ kind: 'Failed' });
  expect(await run(namespace, upgrade(archive, { crds: 'Create' }))).toMatchObject({ kind: 'Done' });
  const crds = [crd.replace('"type":"object"', '"type":"object","description":"as it was"')];
  const back = {
    kind: 'Rollback',
    revision: 1,
    maxHistory: 5,
    crds,
    timeoutMs: 20_000,
    serviceAccount: undefined,
  } as const;
  expect(await run(namespace, back)).toMatchObject({ kind: 'Done' });
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${group}`;
  expect(JSON.stringify(await client.request({ what: 'get CRD', method: 'GET', path }))).toContain('as it was');
});

test.each([
  {
    end: 'Succeeded',
    kind: 'Done',
    says: /^the log of the tests could not be had: unable to get pod logs for web-test: .*forbidden/,
  },
  { end: 'Failed', kind: 'Failed', says: /web-test[\s\S]*unable to get pod logs for web-test: .*forbidden/ },
])('a test pod that ends as $end where its log may not be read: $kind', async ({ end, kind, says }) => {
  const namespace = await createNamespace(client);
  const archive = await packChart({ version: '1.0.0', files: { 'templates/test.yaml': testPodTemplate } });
  expect(await run(namespace, upgrade(archive))).toMatchObject({ kind: 'Done' });
  await allow({ client, namespace }, 'tester', [{ apiGroups: [''], resources: ['pods', 'secrets'], verbs: ['*'] }]);
  const options = { timeoutMs: 20_000, serviceAccount: 'tester' };

  const running = run(namespace, { kind: 'Test', logs: true, secrets: [], ...options });
  await endPod(client, { namespace, name: 'web-test' }, end);

  expect(await running).toMatchObject({ kind, log: expect.stringMatching(says) });
});

describe('what is bad', () => {
  test.each([
    {
      name: 'a template that never ends',
      files: { 'templates/a.yaml': '{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}' },
      kind: 'OutOfBounds',
      says: /took longer than/,
    },
    {
      name: 'a template that takes all memory',
      files: { 'templates/a.yaml': '{{ $all := untilStep 0 2000000000 1 }}{{ len $all }}' },
      kind: 'OutOfBounds',
      says: /took more than 512 MiB of memory/,
    },
    {
      name: 'a template that says no',
      files: { 'templates/a.yaml': '{{ fail "color must be set" }}' },
      kind: 'Failed',
      says: /color must be set/,
    },
    {
      name: 'a chart for a newer Kubernetes',
      about: 'kubeVersion: ">=1.99.0"\n',
      files: { 'templates/settings.yaml': settingsTemplate },
      kind: 'Failed',
      says: /kubeVersion: >=1.99.0/,
    },
    {
      name: 'an object that the API server refuses',
      files: { 'templates/a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: Not_A_Name }\n' },
      kind: 'Failed',
      says: /Not_A_Name/,
    },
    {
      name: 'values that the schema of the chart refuses',
      files: {
        'templates/settings.yaml': settingsTemplate,
        'values.schema.json': '{"properties": {"color": {"enum": ["red"]}}}',
      },
      kind: 'Failed',
      says: /color/,
    },
  ])('$name', async ({ files, about, kind, says }) => {
    const namespace = await createNamespace(client);
    const archive = await packChart({ version: '1.0.0', files, ...(about === undefined ? {} : { about }) });

    const result = await run(namespace, upgrade(archive, { timeoutMs: -57_000 }));

    expect(result).toMatchObject({ kind, message: expect.stringMatching(says) });
    expect(await settings(namespace)).toBeUndefined();
  });

  test('what came from a Secret is not seen in what Helm says', async () => {
    const namespace = await createNamespace(client);
    const archive = await packChart({
      version: '1.0.0',
      files: { 'templates/a.yaml': '{{ fail (printf "the password %s is too short" .Values.password) }}' },
    });

    const result = await run(namespace, upgrade(archive, { values: { password: 'hunter2' }, secrets: ['hunter2'] }));

    expect(JSON.stringify(result)).toContain('the password *** is too short');
  });
});

test('a helm that outlives its pass can do nothing any more', async () => {
  const namespace = await createNamespace(client);
  const pass = await gateway.admit({ actAs: undefined, assertAllowed: () => undefined });
  const ask = () => fetch(`${pass.server}/version`);

  expect((await ask()).status).toBe(200);
  pass.end();
  expect((await ask()).status).toBe(401);
  expect(await settings(namespace)).toBeUndefined();
});

test('ends helm in the middle of a hook when nobody wants it any more', async () => {
  const namespace = await createNamespace(client);
  const archive = await packChart({ version: '1.0.0', files: { 'templates/hook.yaml': hookTemplate('pre-install') } });
  const stop = new AbortController();
  const running = run(namespace, upgrade(archive), stop.signal).catch((error: unknown) => error);
  await waitUntil('the hook is there', 15_000, async () => {
    const path = `/apis/batch/v1/namespaces/${namespace}/jobs`;
    return JSON.stringify(await client.request({ what: 'list jobs', method: 'GET', path })).includes('web-hook');
  });

  stop.abort(new Error('not wanted'));

  expect(await running).toEqual(new Error('not wanted'));
});
