/** What people are told of Updates, on a real API server; a server of the test takes the place of each service and looks at what it is sent. */
import { createHmac } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import {
  completeRollouts,
  createDeployment,
  openRuntimeStage,
  pushVersions,
  type RuntimeStage,
  type StageOptions,
} from '../../../test/runtime-stage.ts';
import { bodyOf, startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { configMaps, secrets } from '../../kube/resource-types.ts';
import type { AppSpecWire } from '../../resources/app/app.ts';
import { scratchLabel } from '../../resources/metadata.ts';
import { parseOutboundAllowance } from '../outbound-setup.ts';

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

const outbound = { allowance: parseOutboundAllowance(['127.0.0.0/8']), proxy: undefined };

let registry: RunningRegistry;
let service: TestServer;
let stage: RuntimeStage;
let stop: AbortController;
let sent: Sent[];
/** What the service answers; one for all when it is a number. */
let answer: () => number;
let repository = 0;

beforeAll(async () => {
  registry = await startRegistry();
});

afterAll(() => registry.stop());

beforeEach(async () => {
  sent = [];
  answer = () => 200;
  service = await startHttpServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    const body = await bodyOf(request);
    sent.push({ method, path: url, headers: { ...headers }, body });
    response.writeHead(answer()).end();
  });
  await open({});
  repository += 1;
});

afterEach(async () => {
  await close();
  await service.stop();
});

async function open(options: StageOptions): Promise<void> {
  stop = new AbortController();
  stage = await openRuntimeStage(inject('kubeconfig'), { outbound, ...options });
  completeRollouts(stage, stop.signal);
}

async function close(): Promise<void> {
  stop.abort();
  await stage.stop();
}

type To = NonNullable<NonNullable<AppSpecWire['notify']>['to']>;

async function follow(notify: AppSpecWire['notify'], path = `notify-${repository}/web`): Promise<void> {
  await pushVersions(registry.host, path, ['1.0.0', '1.1.0']);
  await createDeployment(stage, 'web', `${registry.host}/${path}:1.0.0`);
  const image = { repository: `${registry.host}/${path}`, insecure: true, policy: { semver: { range: '1.x' } } };
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name: 'web' },
    spec: {
      interval: '5m',
      sources: [{ name: 'web', image }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'web' }] } },
      health: { timeout: '30m', stableFor: '0s' },
      ...(notify && { notify }),
    },
  });
}

async function share(name: string, stringData: Readonly<Record<string, string>>): Promise<void> {
  await stage.client.create(secrets, { metadata: { namespace: stage.namespace, name }, stringData } as never);
}

const channel = (kind: To[number]['kind'], fields: Partial<To[number]> = {}): To[number] => {
  const name = kind.toLowerCase();
  return { name, kind, level: 'Success', secretRef: { name }, ...fields };
};

const untilSent = (count: number) => stage.until(() => expect(sent).toHaveLength(count));
const bodyAt = (path: string): unknown => JSON.parse(sent.find((one) => one.path.startsWith(path))?.body ?? 'null');
const outbox = async () => {
  const object = await stage.client.get<KubeObject & { readonly data: Readonly<Record<string, string>> }>(configMaps, {
    namespace: stage.namespace,
    name: 'headgate-outbox',
  });
  return object.data['outbox.json'] ?? '';
};

test('each kind is sent what its service publishes', async () => {
  const kinds = ['Slack', 'Mattermost', 'Matrix', 'Teams', 'Discord', 'Webhook', 'Alertmanager', 'Keel'] as const;
  for (const kind of kinds) {
    const name = kind.toLowerCase();
    const token = ['Matrix', 'Webhook'].includes(kind) ? { token: 'secret-token' } : {};
    await share(name, { address: `${service.origin}/${name}`, room: '!room:example.com', ...token });
  }
  await follow({ to: kinds.map((kind) => channel(kind)), releaseNotes: 'https://example.com/notes' });
  // Alertmanager is told of the beginning as well, whatever its level: it would end an alert about the version before.
  await untilSent(kinds.length + 1);

  const title = 'web Succeeded: web 1.0.0 -&gt; 1.1.0';
  const plainTitle = 'web Succeeded: web 1.0.0 -> 1.1.0';
  const text = 'healthy for 0s\nRelease notes: https://example.com/notes';
  const section = { type: 'section', text: { type: 'mrkdwn', text: `*${title}*\n${text}` } };
  expect(bodyAt('/slack')).toEqual({ text: title, attachments: [{ color: '#00C853', blocks: [section] }] });
  expect(bodyAt('/mattermost')).toEqual({
    text: '',
    attachments: [{ fallback: plainTitle, color: '#00C853', title: plainTitle, text }],
  });
  const matrix = sent.find(({ path }) => path.startsWith('/matrix'));
  expect(matrix?.method).toBe('PUT');
  expect(matrix?.path).toMatch(
    /^\/matrix\/_matrix\/client\/v3\/rooms\/!room%3Aexample\.com\/send\/m\.room\.message\/[0-9a-f]{64}$/,
  );
  expect(matrix?.headers['authorization']).toBe('Bearer secret-token');
  expect(bodyAt('/matrix')).toMatchObject({ msgtype: 'm.notice', format: 'org.matrix.custom.html' });
  expect(bodyAt('/teams')).toMatchObject({
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: { type: 'AdaptiveCard', version: '1.4', body: [{ type: 'TextBlock', color: 'Good' }, { wrap: true }] },
      },
    ],
  });
  expect(bodyAt('/discord')).toMatchObject({
    embeds: [{ title: plainTitle, description: text, color: 0x00c853 }],
    allowed_mentions: { parse: [] },
  });
  expect(bodyAt('/alertmanager/api/v2/alerts')).toMatchObject([
    { labels: { alertname: 'HeadgateUpdate', namespace: stage.namespace, app: 'web', severity: 'warning' } },
  ]);
  expect(bodyAt('/keel')).toEqual({
    name: 'update resource',
    message: 'healthy for 0s (web 1.0.0 -> 1.1.0)',
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    type: 'deployment update',
    level: 'success',
    resourceKind: 'deployment',
    identifier: `deployment/${stage.namespace}/web`,
    metadata: { provider: 'kubernetes', namespace: stage.namespace, name: 'web' },
  });
  const hook = sent.find(({ path }) => path === '/webhook');
  const stamp = String(hook?.headers['x-headgate-timestamp']);
  const signature = createHmac('sha256', 'secret-token').update(`${stamp}.${hook?.body}`).digest('hex');
  expect(hook?.headers['x-headgate-signature-256']).toBe(`sha256=${signature}`);
  expect(hook?.headers['authorization']).toBeUndefined();
  expect(bodyAt('/webhook')).toMatchObject({
    version: 1,
    notices: [{ event: 'Succeeded', app: 'web', update: 'web-1' }],
  });
  const told = JSON.stringify([stage.log, await stage.updatesOf('web'), await outbox()]);
  expect(told).not.toContain('secret-token');
  expect(told).not.toContain(service.origin);
});

test('levels and texts are those of the channel', async () => {
  await share('all', { address: `${service.origin}/all` });
  await share('bad', { address: `${service.origin}/bad` });
  await follow({
    to: [
      channel('Slack', {
        name: 'all',
        secretRef: { name: 'all' },
        level: 'Info',
        title: '{{event}} in {{namespace}}',
        text: '{{update}}',
      }),
      channel('Slack', { name: 'bad', secretRef: { name: 'bad' }, level: 'Error' }),
    ],
  });
  await untilSent(2);
  await stage.pass(1_000, 'web');

  expect(sent.map(({ path, body }) => `${path} ${JSON.parse(body).text}`)).toEqual([
    `/all Started in ${stage.namespace}`,
    `/all Succeeded in ${stage.namespace}`,
  ]);
});

test('what could not be told is told by the next process, once, and nothing is asked or written at rest', async () => {
  answer = () => 503;
  await share('slack', { address: `${service.origin}/slack` });
  await follow({ to: [channel('Slack')] });
  await untilSent(1);
  await stage.until(async () => expect(await outbox()).toContain('the service answers 503'));
  const { namespace } = stage;
  await close();

  answer = () => 200;
  await open({ namespace, start: new Date(Date.now() + 60_000) });
  await untilSent(2);
  await stage.until(async () => expect(await outbox()).toContain('"state":"Sent"'));
  await stage.pass(0, 'web');
  const mark = stage.asked().length;
  await stage.pass(120_000, 'web');

  expect(sent).toHaveLength(2);
  expect(stage.asked(mark)).toEqual([]);
  await close();
  await open({ namespace, start: new Date(Date.now() + 300_000) });
  await stage.pass(1_000, 'web');
  expect(sent).toHaveLength(2);
});

test('a service that refuses for good is asked once, and the Update goes on', async () => {
  answer = () => 400;
  await share('slack', { address: `${service.origin}/slack` });
  await follow({ to: [channel('Slack')] });
  await stage.until(async () => expect(await outbox()).toContain('"state":"GivenUp"'));
  await stage.pass(3_600_000, 'web');

  expect(sent).toHaveLength(1);
  expect((await stage.updatesOf('web')).map(({ status }) => status?.phase)).toEqual(['Succeeded']);
  const { values = [] } = (await stage.metrics.registry.getSingleMetric('headgate_notices_total')?.get()) ?? {};
  expect(values).toEqual([{ labels: { kind: 'Slack', outcome: 'Refused' }, value: 1 }]);
});

test('channels for all Apps come from a file: those that an App names, else the default ones', async () => {
  await close();
  const file = join(mkdtempSync(join(tmpdir(), 'headgate-notify-')), 'channels.yaml');
  writeFileSync(
    file,
    JSON.stringify({
      channels: [
        { name: 'everybody', kind: 'Slack', level: 'Success', default: true, address: `${service.origin}/everybody` },
        { name: 'some', kind: 'Discord', level: 'Success', address: `${service.origin}/some` },
      ],
    }),
  );
  await open({ notifyFile: file });
  await follow(undefined);
  await untilSent(1);

  expect(sent[0]?.path).toBe('/everybody');

  // Nobody is told of what is only tried: the next Update of the same App, now as one in a scratch namespace.
  const key = { namespace: stage.namespace, name: 'web' };
  const labels = { [scratchLabel]: 'uid' };
  await stage.client.patch(apps, key, { kind: 'merge', body: { metadata: { labels } } });
  const told = sent.length;
  await pushVersions(registry.host, `notify-${repository}/web`, ['1.2.0']);
  stage.runtime.webhooks.wakeApp(stage.namespace, 'web');
  const phases = async () => (await stage.updatesOf('web')).map(({ status }) => status?.phase);
  await stage.until(async () => expect(await phases()).toEqual(['Succeeded', 'Succeeded']));
  await stage.pass(60_000, 'web');
  expect(sent).toHaveLength(told);
});

test('an address that must not be asked is never asked', async () => {
  await share('slack', { address: 'http://169.254.169.254/hook' });
  await follow({ to: [channel('Slack')] });

  await stage.until(async () => expect(await outbox()).toContain('link-local or metadata address'));
});
