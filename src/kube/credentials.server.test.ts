import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { createManualClock } from '../../test/kube/manual-clock.ts';
import { connectTo, createNamespace } from '../../test/kube/server-fixtures.ts';
import { createKubeClient, type KubeClient } from './client.ts';
import { type KubeConfig, loadInClusterConfig } from './config.ts';
import { loadKubeConfig } from './kubeconfig.ts';
import { serviceAccounts } from './resource-types.ts';

let admin: KubeClient;
let adminConfig: KubeConfig;
let namespace: string;
let folder: string;
const clients: KubeClient[] = [];

beforeAll(async () => {
  adminConfig = await loadKubeConfig({ path: inject('kubeconfig') });
  admin = await connectTo(inject('kubeconfig'));
  namespace = await createNamespace(admin);
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'credentials-'));
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await rm(folder, { recursive: true });
});

afterAll(() => admin.close());

/** A real token of a new ServiceAccount. */
async function tokenOf(account: string): Promise<string> {
  if ((await admin.find(serviceAccounts, { namespace, name: account })) === undefined) {
    await admin.create(serviceAccounts, { metadata: { namespace, name: account } });
  }
  const answer = await admin.request({
    what: `get token of ${account}`,
    method: 'POST',
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 600 } },
  });
  return (answer as { status: { token: string } }).status.token;
}

/** For whom the API server takes this client. */
async function whoAmI(client: KubeClient): Promise<string> {
  const answer = await client.request({
    what: 'ask who I am',
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' },
  });
  const { username } = (answer as { status: { userInfo: { username: string } } }).status.userInfo;
  return username.split(':').at(-1) ?? '';
}

async function podLike(clock = createManualClock()): Promise<KubeClient> {
  await writeFile(join(folder, 'ca.crt'), adminConfig.tls.ca ?? '');
  await writeFile(join(folder, 'namespace'), namespace);
  const { hostname, port } = new URL(adminConfig.server);
  const client = createKubeClient(await loadInClusterConfig({ host: hostname, port, folder, clock }));
  clients.push(client);
  return client;
}

test('the token of a pod is read again when the kubelet has rotated it', async () => {
  const clock = createManualClock();
  await writeFile(join(folder, 'token'), await tokenOf('first'));
  const client = await podLike(clock);

  expect(await whoAmI(client)).toBe('first');
  await writeFile(join(folder, 'token'), await tokenOf('second'));
  await clock.advance(61_000);

  expect(await whoAmI(client)).toBe('second');
});

test('a token that the server refuses is read again at once', async () => {
  await writeFile(join(folder, 'token'), 'not.a.token');
  const client = await podLike();
  await expect(whoAmI(client)).rejects.toMatchObject({ code: 'API_FORBIDDEN' });

  await writeFile(join(folder, 'token'), await tokenOf('first'));

  expect(await whoAmI(client)).toBe('first');
});

test('what the account may not do is API_FORBIDDEN and names who and what', async () => {
  await writeFile(join(folder, 'token'), await tokenOf('first'));
  const client = await podLike();

  await expect(client.list(serviceAccounts, { namespace })).rejects.toMatchObject({
    code: 'API_FORBIDDEN',
    message: expect.stringMatching(
      /^list ServiceAccount in \S+: 403 Forbidden: .*User "system:serviceaccount:\S+:first" cannot list/,
    ),
  });
});

test('an exec plugin runs again after a 401, and not for the calls that follow', async () => {
  const plugin = join(folder, 'plugin.sh');
  await writeFile(
    plugin,
    `#!/bin/sh
echo run >>'${folder}/runs'
token=not.a.token
[ "$(wc -l <'${folder}/runs')" = 1 ] || token='${await tokenOf('first')}'
printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}' "$token"
`,
  );
  await chmod(plugin, 0o700);
  const path = join(folder, 'kubeconfig');
  await writeFile(
    path,
    `current-context: c
clusters: [{name: c, cluster: {server: "${adminConfig.server}", certificate-authority-data: ${Buffer.from(adminConfig.tls.ca ?? '').toString('base64')}}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
users: [{name: u, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plugin.sh, interactiveMode: Never}}}]
`,
  );
  const runs = async () => (await readFile(join(folder, 'runs'), 'utf8')).trim().split('\n').length;
  const client = createKubeClient(await loadKubeConfig({ path, environment: { PATH: '/usr/bin:/bin' } }));
  clients.push(client);

  const names = [await whoAmI(client), ...(await Promise.all([whoAmI(client), whoAmI(client)]))];

  expect(names).toEqual(['first', 'first', 'first']);
  expect(await runs()).toBe(2);
});
