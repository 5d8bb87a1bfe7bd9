import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { createManualClock } from '../../../test/kube/manual-clock.ts';
import { connectTo, createNamespace } from '../../../test/kube/server-fixtures.ts';
import { type ApiProxy, startApiProxy } from '../../../test/servers/api-proxy.ts';
import { parseRepository } from '../../core/image/reference.ts';
import type { Puller, RegistrySource } from '../../engine/ports/registry.ts';
import { createKubeClient, type KubeClient } from '../../kube/client.ts';
import { fixedCredentials } from '../../kube/credentials.ts';
import { loadKubeConfig } from '../../kube/kubeconfig.ts';
import { secrets, serviceAccounts } from '../../kube/resource-types.ts';
import { readPullSecrets } from '../registry/credentials.ts';
import { ClusterRegistryAccesses } from './registry-accesses.ts';

const never = new AbortController().signal;

let admin: KubeClient;
let proxy: ApiProxy;
let counted: KubeClient;
let namespace: string;
let accesses: ClusterRegistryAccesses;
const clock = createManualClock(new Date('2026-01-01T00:00:00Z'));

beforeAll(async () => {
  admin = await connectTo(inject('kubeconfig'));
});

afterAll(() => admin.close());

beforeEach(async () => {
  namespace = await createNamespace(admin);
  proxy = await startApiProxy(inject('kubeconfig'));
  counted = createKubeClient(proxy.config);
  accesses = open(counted);
});

afterEach(async () => {
  await Promise.all([counted.close(), proxy.stop()]);
});

const pod = (...pullSecrets: string[]): Puller => ({ pullSecrets, serviceAccount: 'default' });

describe('credentials come from', () => {
  test('the pull secrets of the template, the most exact place first', async () => {
    await putLogin('host', { 'ghcr.io': 'host' });
    await putLogin('org', { 'ghcr.io/org': 'org', 'quay.io': 'other' });

    expect(await usersOf([pod('host', 'org')])).toEqual(['org', 'host']);
  });

  test('the ServiceAccount, where the template names none', async () => {
    await putLogin('of-account', { 'ghcr.io': 'account' });
    await putLogin('of-default', { 'ghcr.io': 'default' });
    await putAccount('runner', ['of-account']);
    await putAccount('default', ['of-default']);

    expect(await usersOf([{ pullSecrets: [], serviceAccount: 'runner' }])).toEqual(['account']);
    expect(await usersOf([pod()])).toEqual(['default']);
  });

  test('the template alone where both name some, as admission has it', async () => {
    await putLogin('of-template', { 'ghcr.io': 'template' });
    await putLogin('of-default', { 'ghcr.io': 'default' });
    await putAccount('default', ['of-default']);

    expect(await usersOf([pod('of-template')])).toEqual(['template']);
  });

  test('all workloads of the App, each login once', async () => {
    await putLogin('one', { 'ghcr.io': 'a' });
    await putLogin('two', { 'ghcr.io': 'b' });
    await putLogin('three', { 'ghcr.io': 'a' });

    expect(await usersOf([pod('one'), pod('two'), pod('three', 'one')])).toEqual(['a', 'b']);
  });

  test('the Secret that the source names, before those of workloads', async () => {
    await putLogin('named', { 'ghcr.io': 'named' });
    await putLogin('pull', { 'ghcr.io/org/app': 'pull' });

    expect(await usersOf([pod('pull')], { pullSecret: 'named' })).toEqual(['named']);
  });

  test('workloads, where no entry of the Secret that the source names fits', async () => {
    await putLogin('named', { 'quay.io': 'named' });
    await putLogin('pull', { 'ghcr.io': 'pull' });

    expect(await usersOf([pod('pull')], { pullSecret: 'named' })).toEqual(['pull']);
  });

  test('a Secret in the old form', async () => {
    const data = { '.dockercfg': base64(JSON.stringify({ 'ghcr.io': { username: 'old', password: 'x' } })) };
    await putSecret('old', 'kubernetes.io/dockercfg', data);

    expect(await usersOf([pod('old')])).toEqual(['old']);
  });
});

describe('what is amiss with the Secrets of workloads is a note and no error:', () => {
  test('missing, malformed, of another type, without a valid name; the others count', async () => {
    await putLogin('good', { 'ghcr.io': 'good' });
    await putSecret('opaque', 'Opaque', { x: base64('y') });

    const names = ['missing', 'opaque', '..', '../../kube-system/secrets/x', 'A', 'good'];
    const access = await accesses.accessFor(namespace, source(), never, [pod(...names)]);

    expect(access.credentials?.username).toBe('good');
    expect(access.notes).toEqual([
      `pull secret "missing" is not in namespace "${namespace}"`,
      'pull secret ".." has no valid name',
      'pull secret "../../kube-system/secrets/x" has no valid name',
      'pull secret "A" has no valid name',
      expect.stringContaining('read pull secret "opaque": type "Opaque" with keys x; it must be of type'),
    ]);
    expect(proxy.requests.map(({ path }) => path)).toEqual([
      `/api/v1/namespaces/${namespace}/secrets/missing`,
      `/api/v1/namespaces/${namespace}/secrets/opaque`,
      `/api/v1/namespaces/${namespace}/secrets/good`,
    ]);
  });

  test('a ServiceAccount that is missing', async () => {
    const access = await accesses.accessFor(namespace, source(), never, [pod()]);

    expect(access).toEqual({
      insecure: false,
      notes: [`ServiceAccount "default" is not in namespace "${namespace}"`],
    });
  });

  test('what our role does not let us read', async () => {
    await putAccount('nobody', []);
    await putAccount('default', ['pull']);
    const stranger = await connectAs('nobody');

    const access = await open(stranger).accessFor(namespace, source(), never, [pod(), pod('pull')]);
    await stranger.close();

    expect(access.notes).toEqual([
      'ServiceAccount "default" may not be read by Headgate: its role lacks the verb get on serviceaccounts',
      'pull secret "pull" may not be read by Headgate: its role lacks the verb get on secrets',
    ]);
  });

  test('a Secret of the same name in another namespace', async () => {
    const elsewhere = await createNamespace(admin);
    await putLogin('pull', { 'ghcr.io': 'elsewhere' }, elsewhere);

    const access = await accesses.accessFor(namespace, source(), never, [pod('pull')]);

    expect(access.credentials).toBeUndefined();
    expect(proxy.requests.filter(({ path }) => path.includes(elsewhere))).toEqual([]);
  });
});

test('a hundred sources that start at once read each object once, and nothing after', async () => {
  await putLogin('pull', { 'ghcr.io': 'user' });
  await putAccount('default', ['pull']);
  const sources = Array.from({ length: 100 }, (_, at) => source({ repositoryText: `ghcr.io/org/app${at}` }));
  const askAll = () => Promise.all(sources.map((one) => accesses.accessFor(namespace, one, never, [pod()])));

  await askAll();
  await clock.advance(3_600_000);
  const again = await askAll();

  expect(again.every(({ credentials }) => credentials?.username === 'user')).toBe(true);
  expect(proxy.requests.map(({ path }) => path)).toEqual([
    `/api/v1/namespaces/${namespace}/serviceaccounts/default`,
    `/api/v1/namespaces/${namespace}/secrets/pull`,
  ]);
});

test('after what it gave did not do, the Secrets are read again', async () => {
  await putLogin('pull', { 'ghcr.io': 'old' });
  expect(await usersOf([pod('pull')])).toEqual(['old']);
  await admin.delete(secrets, { namespace, name: 'pull' });
  await putLogin('pull', { 'ghcr.io': 'new' });
  expect(await usersOf([pod('pull')])).toEqual(['old']);

  accesses.forget(namespace, source());

  expect(await usersOf([pod('pull')])).toEqual(['new']);
});

test('an API server that fails is an error, so that nobody is asked with half of the credentials', async () => {
  await proxy.stop();

  await expect(accesses.accessFor(namespace, source(), never, [pod('pull')])).rejects.toMatchObject({
    code: 'API_UNAVAILABLE',
  });
});

function open(client: KubeClient): ClusterRegistryAccesses {
  return new ClusterRegistryAccesses({ client, clock, readCredentials: readPullSecrets });
}

function source(fields: Partial<RegistrySource> = {}): RegistrySource {
  const repositoryText = fields.repositoryText ?? 'ghcr.io/org/app';
  const repository = parseRepository(repositoryText);
  return { repositoryText, repository, insecure: false, pullSecret: undefined, caSecret: undefined, ...fields };
}

async function usersOf(pullers: readonly Puller[], fields: Partial<RegistrySource> = {}) {
  const { credentials, fallbacks = [] } = await accesses.accessFor(namespace, source(fields), never, pullers);
  return [credentials, ...fallbacks].map((one) => one?.username);
}

async function putLogin(name: string, users: Readonly<Record<string, string>>, where = namespace): Promise<void> {
  const auths = Object.entries(users).map(([place, username]) => [place, { username, password: 'x' }]);
  const data = { '.dockerconfigjson': base64(JSON.stringify({ auths: Object.fromEntries(auths) })) };
  await putSecret(name, 'kubernetes.io/dockerconfigjson', data, where);
}

async function putSecret(
  name: string,
  type: string,
  data: Readonly<Record<string, string>>,
  where = namespace,
): Promise<void> {
  const object = { metadata: { namespace: where, name }, type, data };
  await admin.create(secrets, object);
}

async function putAccount(name: string, pullSecrets: readonly string[]): Promise<void> {
  const imagePullSecrets = pullSecrets.map((one) => ({ name: one }));
  const object = { metadata: { namespace, name }, imagePullSecrets };
  await admin.create(serviceAccounts, object);
}

async function connectAs(account: string): Promise<KubeClient> {
  const answer = await admin.request({
    what: 'ask for a token',
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  });
  const { token } = (answer as { status: { token: string } }).status;
  const config = await loadKubeConfig({ path: inject('kubeconfig') });
  return createKubeClient({ ...config, credentials: fixedCredentials({ authorization: `Bearer ${token}` }) });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
