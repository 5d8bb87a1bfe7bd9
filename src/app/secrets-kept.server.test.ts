/**
 * Nothing that Headgate is trusted with gets out: secrets that can be told from all else go through what works and what fails, past
 * services that send back what they were sent, and are then looked for in everything that the process and its objects say.
 */
import { createHmac } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { locateTools } from '../../test/cluster/binaries.ts';
import { freePort } from '../../test/cluster/ports.ts';
import { outputOf } from '../../test/cluster/run-command.ts';
import { hireWarden, type RunningProcess, type Warden, waitUntilReady } from '../../test/cluster/warden.ts';
import { installByHand } from '../../test/helm/by-hand.ts';
import { packChart } from '../../test/helm/charts.ts';
import { webDeployment } from '../../test/images/web-objects.ts';
import { connectTo, createNamespace } from '../../test/kube/server-fixtures.ts';
import { makeAgeKey } from '../../test/manifests/age-key.ts';
import { startReplica } from '../../test/replicas/replicas.ts';
import { completeRollouts, pushVersions } from '../../test/runtime-stage.ts';
import { type EchoingMail, startEcho, startEchoingMail } from '../../test/secrets/echo.ts';
import { seedSecret, tracesIn } from '../../test/secrets/seeded.ts';
import { tellAll } from '../../test/secrets/tell-all.ts';
import { startGitHttp } from '../../test/servers/git-http.ts';
import { makeGitRoot, makeRepository } from '../../test/servers/git-repository.ts';
import type { TestServer } from '../../test/servers/http-server.ts';
import { type RunningRegistry, reader, startRegistry } from '../../test/servers/registry.ts';
import { apps, type ProductObject, updates } from '../adapters/cluster/kinds.ts';
import type { KubeClient } from '../kube/client.ts';
import type { KubeObject } from '../kube/objects.ts';
import { deployments, secrets } from '../kube/resource-types.ts';

const age = makeAgeKey();
const otherAge = makeAgeKey();

/** What may be found nowhere, by name. */
const seeds = {
  registryPassword: reader.password,
  wrongRegistryPassword: seedSecret('registry'),
  gitToken: seedSecret('git'),
  wrongGitToken: seedSecret('wronggit'),
  chartPassword: seedSecret('chart'),
  helmValue: seedSecret('helm'),
  wrongHelmValue: seedSecret('wronghelm'),
  ageKey: age.identity,
  wrongAgeKey: otherAge.identity,
  encrypted: seedSecret('encrypted'),
  smtpPassword: seedSecret('smtp'),
  slackPath: seedSecret('slack').replace(/\W/g, ''),
  matrixToken: seedSecret('matrix').replace(/\W/g, ''),
  hookToken: seedSecret('hook'),
  webhookSecret: seedSecret('webhook'),
  webhookSecretOfEnvironment: seedSecret('environment'),
  clientSecret: seedSecret('oidc'),
  sessionSecret: seedSecret('session-that-is-long-enough'),
  signingKey: seedSecret('signing'),
  passphrase: seedSecret('passphrase'),
};

let client: KubeClient;
let namespace: string;
let warden: Warden;
let directory: string;
let registry: RunningRegistry;
let closed: RunningRegistry;
let mirror: TestServer;
let git: TestServer;
let mail: EchoingMail;
let headgate: RunningProcess;
let ports: { readonly api: number; readonly webhooks: number; readonly status: number };
const gitRoot = makeGitRoot();
/** What the services were sent: a secret that never was at work proves nothing. */
let received = '';
const hear = (said: string) => {
  received += said;
};
const stop = new AbortController();

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
  namespace = await createNamespace(client);
  [warden, directory] = [await hireWarden(), await mkdtemp(join(tmpdir(), 'secrets-'))];
  registry = await startRegistry();
  await pushVersions(registry.host, 'web', ['1.0.0', '1.1.0']);
  closed = await startRegistry({ storage: registry.storage, auth: { kind: 'basic' } });
  mirror = await startEcho(hear);
  const authorization = `Basic ${Buffer.from(`robot:${seeds.gitToken}`).toString('base64')}`;
  git = await startGitHttp({ root: gitRoot.directory, authorization });
  mail = await startEchoingMail(hear);
  completeRollouts({ client, namespace }, stop.signal);
}, 60_000);

afterAll(async () => {
  stop.abort();
  await warden.dismiss();
  await Promise.all([registry.stop(), closed.stop(), mirror.stop(), git.stop(), mail.stop()]);
  gitRoot.remove();
  await rm(directory, { recursive: true });
  await client.close();
});

async function share(name: string, stringData: Readonly<Record<string, string>>, type = 'Opaque'): Promise<void> {
  const object = { metadata: { namespace, name }, type, stringData };
  await client.create<KubeObject & { readonly stringData: object }>(secrets, object);
}

async function putApp(name: string, spec: object): Promise<void> {
  const whole = { interval: '5s', health: { timeout: '60s', stableFor: '1s' }, ...spec };
  await client.create<ProductObject>(apps, { metadata: { namespace, name }, spec: whole });
}

const imageSource = (host: string, more: object = {}) => ({
  name: 'web',
  image: { repository: `${host}/web`, insecure: true, policy: { semver: { range: '^1.0.0' } }, ...more },
});

async function runWeb(name: string, host: string, more: object = {}): Promise<void> {
  const object = webDeployment({ name, namespace, image: `${host}/web:1.0.0`, replicas: 1 });
  const spec = object['spec'] as { readonly template: { readonly spec: object } };
  const template = { ...spec.template, spec: { ...spec.template.spec, ...more } };
  await client.create<KubeObject & { readonly spec: object }>(deployments, { ...object, spec: { ...spec, template } });
}

const workload = (name: string) => ({ workloads: { targets: [{ kind: 'Deployment', name }] } });

async function putRegistryApps(): Promise<void> {
  const auths = { [closed.host]: { username: reader.username, password: reader.password } };
  await share('pull', { '.dockerconfigjson': JSON.stringify({ auths }) }, 'kubernetes.io/dockerconfigjson');
  await runWeb('web', closed.host, { imagePullSecrets: [{ name: 'pull' }] });
  await share('slack', { address: `${mirror.origin}/${seeds.slackPath}` });
  await share('matrix', { address: mirror.origin, room: '!room:example.com', token: seeds.matrixToken });
  await share('hook', { address: `${mirror.origin}/hook`, token: seeds.hookToken });
  const letters = { from: 'a@example.com', to: 'b@example.com', username: 'robot', password: seeds.smtpPassword };
  await share('email', { address: mail.address, ...letters });
  const kinds = ['Slack', 'Matrix', 'Webhook', 'Email'];
  const nameOf = (kind: string) => (kind === 'Webhook' ? 'hook' : kind.toLowerCase());
  const to = kinds.map((kind) => ({ name: nameOf(kind), kind, secretRef: { name: nameOf(kind) } }));
  await putApp('web', { sources: [imageSource(closed.host)], deploy: workload('web'), notify: { to } });
  const wrong = { [mirror.host]: { username: 'robot', password: seeds.wrongRegistryPassword } };
  await share('wrong', { '.dockerconfigjson': JSON.stringify({ auths: wrong }) }, 'kubernetes.io/dockerconfigjson');
  await runWeb('wrong', mirror.host);
  await putApp('wrong', {
    sources: [imageSource(mirror.host, { secretRef: { name: 'wrong' } })],
    deploy: workload('wrong'),
  });
}

async function putGitApps(): Promise<void> {
  await share('git', { username: 'robot', password: seeds.gitToken });
  await share('wrong-git', { username: 'robot', password: seeds.wrongGitToken });
  await share('age', { 'main.agekey': seeds.ageKey });
  await share('wrong-age', { 'main.agekey': seeds.wrongAgeKey });
  const repository = makeRepository(gitRoot.directory, 'deploy.git');
  const map = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'from-sops' }, stringData: { p: seeds.encrypted } };
  await writeFile(join(directory, 's.json'), JSON.stringify(map));
  const { sops } = await locateTools(['sops']);
  const rule = ['--encrypted-regex', '^stringData$', '--input-type', 'json', '--output-type', 'yaml'];
  const file = await outputOf(sops, ['encrypt', '--age', age.recipient, ...rule, join(directory, 's.json')], 20_000);
  repository.commit({
    'sops/s.yaml': file,
    'shop/web.yaml': `image: ${registry.host}/web:1.0.0 # {"$imagepolicy": "shop:web"}\n`,
  });
  await runWeb('signed', registry.host);
  const source = (origin: string, secret: string) => ({
    name: 'git',
    git: { url: `${origin}/deploy.git`, insecure: true, branch: 'main', secretRef: { name: secret } },
  });
  const manifests = (key: string) => ({
    manifests: { source: 'git', path: 'sops', decryption: { secretRef: { name: key } } },
  });
  await putApp('sops', { sources: [source(git.origin, 'git')], deploy: manifests('age') });
  await putApp('wrong-sops', { sources: [source(git.origin, 'git')], deploy: manifests('wrong-age') });
  await putApp('wrong-git', { sources: [source(mirror.origin, 'wrong-git')], deploy: manifests('age') });
  await share('signing', { identity: seeds.signingKey, passphrase: seeds.passphrase });
  await putApp('signed', {
    sources: [imageSource(registry.host)],
    deploy: {
      git: {
        repository: `${git.origin}/deploy.git`,
        path: 'shop',
        secretRef: { name: 'git' },
        writers: [{ source: 'web', marker: 'shop:web' }],
        watch: { workloads: [{ kind: 'Deployment', name: 'signed' }] },
        commit: { author: { name: 'Robot', email: 'robot@example.org' }, signingKeySecretRef: { name: 'signing' } },
      },
    },
  });
}

async function putHelmApps(): Promise<void> {
  const template = [
    '{{ if eq .Values.mode "wrong" }}{{ fail (printf "password %s is too weak" .Values.password) }}{{ end }}',
    'apiVersion: v1',
    'kind: Secret',
    'metadata: { name: {{ .Release.Name }}-login }',
    'stringData: { password: {{ .Values.password | quote }}, image: {{ .Values.image.tag | quote }} }',
  ].join('\n');
  const archive = await packChart({ version: '1.0.0', files: { 'templates/login.yaml': template } });
  for (const [release, password] of [
    ['helm', seeds.helmValue],
    ['wrong-helm', seeds.wrongHelmValue],
  ] as const) {
    const image = { repository: `${registry.host}/web`, tag: '1.0.0' };
    const values = { mode: 'right', password: 'none', image };
    await installByHand(inject('kubeconfig'), { namespace, release, archive, values });
    const mode = release === 'helm' ? 'right' : 'wrong';
    await share(release, { 'values.yaml': JSON.stringify({ mode, password }) });
    const helm = {
      chart: { fromRelease: true },
      releaseName: release,
      valuesFrom: [{ kind: 'Secret', name: release }],
    };
    const deploy = { helm: { ...helm, images: [{ source: 'web', tagPath: 'image.tag' }] } };
    await putApp(release, { sources: [imageSource(registry.host)], deploy });
  }
  await share('chart', { username: 'robot', password: seeds.chartPassword });
  const chart = { repository: mirror.origin, name: 'demo', insecure: true, secretRef: { name: 'chart' } };
  await putApp('wrong-chart', {
    sources: [{ name: 'demo', chart }],
    deploy: { helm: { chart: { source: 'demo' }, releaseName: 'third' } },
  });
}

async function startHeadgate(): Promise<void> {
  ports = {
    api: await freePort('127.0.0.1'),
    webhooks: await freePort('127.0.0.1'),
    status: await freePort('127.0.0.1'),
  };
  const fileOf = async (name: string, text: string) => {
    await writeFile(join(directory, name), text);
    return join(directory, name);
  };
  const options = {
    listen: `127.0.0.1:${ports.status}`,
    'webhook-listen': `127.0.0.1:${ports.webhooks}`,
    'webhook-secret-file': `github=${await fileOf('webhook', seeds.webhookSecret)}`,
    'api-listen': `127.0.0.1:${ports.api}`,
    'external-url': `http://127.0.0.1:${ports.api}`,
    'session-secret-file': await fileOf('session', seeds.sessionSecret),
    'oidc-issuer-url': `${mirror.origin}/oidc`,
    'oidc-client-id': 'headgate',
    'oidc-client-secret-file': await fileOf('oidc', seeds.clientSecret),
    'allow-outbound': '127.0.0.0/8',
    'log-level': 'debug',
  };
  const tools = Object.values(await locateTools(['helm', 'kubectl', 'sops'])).map((path) => dirname(path));
  await fileOf('crash.mjs', "process.on('SIGUSR2', () => { throw new Error('a fault of the program'); });\n");
  headgate = startReplica(
    warden,
    {
      kubeconfigPath: inject('kubeconfig'),
      namespace,
      more: [...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]), '--anonymous-read'],
      preload: join(directory, 'crash.mjs'),
      environment: {
        PATH: [...new Set(tools), process.env['PATH'] ?? ''].join(delimiter),
        HEADGATE_WEBHOOK_SECRET: seeds.webhookSecretOfEnvironment,
        NODE_OPTIONS: `--report-uncaught-exception --report-directory=${directory}`,
      },
    },
    'headgate',
  );
  const ready = async () =>
    (await fetch(`http://127.0.0.1:${ports.status}/readyz`).catch(() => undefined))?.ok ?? false;
  await waitUntilReady(headgate, 60_000, ready);
}

/** Calls of people and programs, that fail and do not. */
async function call(): Promise<void> {
  const hook = `http://127.0.0.1:${ports.webhooks}`;
  const body = JSON.stringify({ action: 'published' });
  for (const key of [seeds.webhookSecret, 'another']) {
    const proof = `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;
    await fetch(`${hook}/v1/webhooks/github`, { method: 'POST', body, headers: { 'x-hub-signature-256': proof } });
  }
  const api = `http://127.0.0.1:${ports.api}`;
  const begun = await fetch(`${api}/auth/login`, { redirect: 'manual' });
  const state = new URL(begun.headers.get('location') ?? '').searchParams.get('state') ?? '';
  const cookie = begun.headers
    .getSetCookie()
    .map((one) => one.split(';')[0])
    .join('; ');
  await fetch(`${api}/auth/callback?code=some&state=${encodeURIComponent(state)}`, {
    redirect: 'manual',
    headers: { cookie },
  });
}

async function crash(): Promise<void> {
  process.kill(headgate.pid, 'SIGUSR2');
  await vi.waitFor(() => expect(headgate.ending).toBeDefined(), { timeout: 20_000 });
}

test('secrets are nowhere but where they belong', { timeout: 240_000 }, async () => {
  await putRegistryApps();
  await putGitApps();
  await putHelmApps();
  await startHeadgate();
  const reasonOf = async (name: string) => {
    const { status } = await client.get<ProductObject>(apps, { namespace, name });
    return (status as { waiting?: { reason?: string } } | undefined)?.waiting?.reason;
  };
  const failing = ['wrong', 'wrong-sops', 'wrong-git', 'wrong-helm', 'wrong-chart'];
  await vi.waitFor(
    async () => {
      for (const name of ['web', 'sops', 'helm']) {
        expect(await reasonOf(name), name).toBe('UpToDate');
      }
      const { status } = await client.get<ProductObject>(updates, { namespace, name: 'signed-1' });
      expect(JSON.stringify(status)).toMatch(/signingKey|private key|load key|passphrase/i);
      for (const name of failing) {
        expect(await reasonOf(name), name).toMatch(/Unavailable|Failed|Rejected/);
      }
      for (const used of [
        'smtpPassword',
        'slackPath',
        'matrixToken',
        'wrongRegistryPassword',
        'wrongGitToken',
        'chartPassword',
      ] as const) {
        expect(tracesIn({ used: seeds[used] }, 'received', received), used).not.toEqual([]);
      }
    },
    { timeout: 120_000, interval: 500 },
  );
  await call();
  expect(tracesIn({ used: seeds.clientSecret }, 'received', received)).not.toEqual([]);

  const told = new Map(await tellAll({ client, namespace, ports }));
  await crash();
  told.set('log', await readFile(headgate.logPath, 'utf8'));
  const reports = (await readdir(directory)).filter((name) => name.startsWith('report.'));
  expect(reports).toHaveLength(1);
  for (const name of reports) {
    told.set(name, await readFile(join(directory, name), 'utf8'));
  }

  expect(told.get('log')).toContain('a fault of the program');
  expect([...told].flatMap(([place, text]) => tracesIn(seeds, place, text))).toEqual([]);
});
