/** `headgate apply --waybills` on a real API server, with the fields of the published CustomResourceDefinition and real delegates. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { freePort } from '../../../test/cluster/ports.ts';
import { outputOf } from '../../../test/cluster/run-command.ts';
import { type ConfigMap, connectTo, createNamespace } from '../../../test/kube/server-fixtures.ts';
import { waybills } from '../../adapters/cluster/waybills.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject, NewObject, ResourceType } from '../../kube/objects.ts';
import { configMaps, customResourceDefinitions, secrets, serviceAccounts } from '../../kube/resource-types.ts';
import { applierVariables, readApplierSettings } from './applier-settings.ts';
import { runWaybills } from './run-waybills.ts';

let client: KubeClient;
let folder: string;
let address: string;
let namespace: string;
const stopping = new AbortController();
let ended: Promise<void>;

const until = (check: () => unknown) => vi.waitFor(check, { timeout: 20_000, interval: 100 });

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
  namespace = await createNamespace(client);
  folder = await mkdtemp(join(tmpdir(), 'repository-'));
  await git('init', '--quiet');
  await commit({ 'README.md': 'x' });
  await client.create(customResourceDefinitions, definition as NewObject<KubeObject>);
  await until(async () => await client.list(waybills, {}));
  const port = await freePort('0.0.0.0');
  address = `http://127.0.0.1:${port}`;
  const unset = Object.fromEntries(applierVariables.map((name) => [name, undefined]));
  const settings = readApplierSettings({
    ...unset,
    REPO_PATH: folder,
    LISTEN_PORT: String(port),
    POLL_INTERVAL_SECONDS: '1',
    LOG_LEVEL: 'error',
  } as Parameters<typeof readApplierSettings>[0]);
  ended = runWaybills(settings, { kubeconfig: inject('kubeconfig') }, stopping.signal);
  ended.catch(() => undefined);
});

afterAll(async () => {
  stopping.abort();
  await ended;
  await client.delete(customResourceDefinitions, { namespace: '', name: 'waybills.kube-applier.io' });
  await Promise.all([client.close(), rm(folder, { recursive: true, force: true })]);
});

/** What of utilitywarehouse/kube-applier's manifests/base/cluster/kube-applier.io_waybills.yaml is used here. */
const boolean = { type: 'boolean' };
const text = { type: 'string' };
const integer = { type: 'integer' };
const definition = {
  metadata: { name: 'waybills.kube-applier.io' },
  spec: {
    group: 'kube-applier.io',
    scope: 'Namespaced',
    names: { kind: 'Waybill', listKind: 'WaybillList', plural: 'waybills', singular: 'waybill' },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  autoApply: { ...boolean, default: true },
                  delegateServiceAccountSecretRef: { ...text, default: 'kube-applier-delegate-token' },
                  dryRun: { ...boolean, default: false },
                  prune: { ...boolean, default: true },
                  pruneBlacklist: { type: 'array', items: text },
                  repositoryPath: text,
                  runInterval: { ...integer, default: 3600 },
                  runTimeout: { ...integer, default: 900 },
                },
              },
              status: {
                type: 'object',
                properties: {
                  lastRun: {
                    type: 'object',
                    nullable: true,
                    required: ['command', 'commit', 'errorMessage', 'finished', 'output', 'started', 'success'],
                    properties: {
                      ...{ command: text, commit: text, errorMessage: text, output: text },
                      finished: { ...text, format: 'date-time' },
                      started: { ...text, format: 'date-time' },
                      ...{ runRequestSuccess: { ...boolean, default: true }, success: boolean },
                      type: { ...text, default: 'unknown' },
                    },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
};

const git = async (...words: readonly string[]) =>
  await outputOf('git', ['-C', folder, '-c', 'user.name=test', '-c', 'user.email=test@example.org', ...words]);

async function commit(files: Readonly<Record<string, string | undefined>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await (content === undefined ? rm(join(folder, path)) : writeFile(join(folder, path), content));
  }
  await git('add', '-A');
  await git('commit', '--quiet', '-m', 'change');
}

const rbac = (kind: string, plural: string): ResourceType => ({
  ...{ group: 'rbac.authorization.k8s.io', version: 'v1', kind, plural },
  namespaced: true,
});

/** A ServiceAccount that may do what it wants with ConfigMaps of the namespace, its token in a Secret. */
async function delegate(): Promise<void> {
  const metadata = { namespace, name: 'delegate' };
  const account = await client.create<KubeObject>(serviceAccounts, { metadata });
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['*'] }];
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'delegate' };
  const subjects = [{ kind: 'ServiceAccount', namespace, name: 'delegate' }];
  await client.create(rbac('Role', 'roles'), { metadata, rules } as NewObject<KubeObject>);
  await client.create(rbac('RoleBinding', 'rolebindings'), { metadata, roleRef, subjects } as NewObject<KubeObject>);
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/delegate/token`;
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const answer = await client.request({ what: 'ask for a token', method: 'POST', path, body });
  const { token } = (answer as { readonly status: { readonly token: string } }).status;
  // The controller that fills such Secrets does not run here.
  await client.create(secrets, {
    metadata: {
      namespace,
      name: 'kube-applier-delegate-token',
      annotations: {
        'kubernetes.io/service-account.name': 'delegate',
        'kubernetes.io/service-account.uid': account.metadata.uid ?? '',
      },
    },
    type: 'kubernetes.io/service-account-token',
    data: { token: Buffer.from(token).toString('base64') },
  } as NewObject<KubeObject>);
}

const map = (name: string, value: string) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {value: "${value}"}\n`;
const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n';

const dataOf = async (name: string) => (await client.find<ConfigMap>(configMaps, { namespace, name }))?.data?.['value'];

interface WaybillObject extends KubeObject {
  readonly status?: { readonly lastRun?: Readonly<Record<string, unknown>> };
}

const lastRun = async () =>
  (await client.get<WaybillObject>(waybills, { namespace, name: 'main' })).status?.lastRun ?? {};
const change = async (spec: object) =>
  await client.patch(waybills, { namespace, name: 'main' }, { kind: 'merge', body: { spec } });
const force = async (form: string) =>
  await (
    await fetch(`${address}/api/v1/forceRun`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form,
    })
  ).text();

test('a Waybill is applied by its delegate, by itself, at commits and when asked, and pruned', async () => {
  await commit({ [`${namespace}/a.yaml`]: map('a', '1'), [`${namespace}/b.yaml`]: map('b', '1') });
  await client.create(waybills, { metadata: { namespace, name: 'main' }, spec: {} } as NewObject<KubeObject>);

  // Without delegate nothing is done, and it is said.
  await until(async () =>
    expect((await lastRun())['errorMessage']).toContain('kube-applier-delegate-token: it is not there'),
  );
  expect(await dataOf('a')).toBeUndefined();
  await delegate();
  expect(await force(`namespace=${namespace}`)).toBe('{"result":"success","message":"Run queued"}\n');
  await until(async () =>
    expect(await lastRun()).toMatchObject({ success: true, type: 'Forced run', errorMessage: '' }),
  );
  expect(await Promise.all(['a', 'b'].map(dataOf))).toEqual(['1', '1']);

  await commit({ [`${namespace}/a.yaml`]: map('a', '2'), [`${namespace}/b.yaml`]: undefined });
  await until(async () => expect(await lastRun()).toMatchObject({ success: true, type: 'Git polling run' }));
  await until(async () => expect(await Promise.all(['a', 'b'].map(dataOf))).toEqual(['2', undefined]));
  expect((await lastRun())['output']).toContain(`ConfigMap ${namespace}/b pruned`);

  // Not more than the delegate may.
  await commit({ [`${namespace}/s.yaml`]: secret });
  await until(async () => expect(await lastRun()).toMatchObject({ success: false }));
  expect((await lastRun())['errorMessage']).toMatch(/apply Secret .*403 Forbidden.*s.yaml/);
  await commit({ [`${namespace}/s.yaml`]: undefined });
  await until(async () => expect(await lastRun()).toMatchObject({ success: true }));

  const html = await (await fetch(`${address}/`)).text();
  expect(html).toContain(`${namespace}/main: success`);
  const metrics = await (await fetch(`${address}/__/metrics`)).text();
  expect(metrics).toMatch(
    new RegExp(`kube_applier_namespace_apply_count\\{namespace="${namespace}",success="false"\\} [12]`),
  );
  expect(metrics).toContain(`kube_applier_waybill_spec_run_interval{namespace="${namespace}"} 3600`);
});

test('a dry run keeps nothing, and without autoApply only a forced run goes', async () => {
  await change({ dryRun: true });
  await commit({ [`${namespace}/a.yaml`]: map('a', '3') });
  await until(async () =>
    expect((await lastRun())['output']).toContain(`ConfigMap ${namespace}/a configured (server dry run)`),
  );
  expect(await dataOf('a')).toBe('2');

  await change({ dryRun: false, autoApply: false });
  await until(async () => expect(await force(`namespace=${namespace}`)).toContain('success'));
  await until(async () => expect(await dataOf('a')).toBe('3'));
});

test.each([
  ['', 'empty namespace value'],
  ['namespace=nowhere', "cannot find Waybills in namespace 'nowhere'"],
])('forceRun with %j is refused', async (form, message) => {
  expect(await force(form)).toBe(`${JSON.stringify({ result: 'error', message })}\n`);
});
