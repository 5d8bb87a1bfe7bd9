/**
 * The way of a version through a fleet: a hub tries it with the others and releases what passed; a cluster of its own, on a second control plane, takes it from the
 * channel in its window and with its own values; what is bad only there goes back there alone, is told to the hub, and spreads no further.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';
import { createChannelKeys, createTrustedRoot } from '../../../test/channels/channel-keys.ts';
import type { Json } from '../../../test/channels/hub-and-member.ts';
import { type ControlPlane, startControlPlane } from '../../../test/cluster/control-plane.ts';
import { webTemplate } from '../../../test/helm/by-hand.ts';
import { packChart, settingsTemplate } from '../../../test/helm/charts.ts';
import { installCrds } from '../../../test/install-crds.ts';
import type { ConfigMap } from '../../../test/kube/server-fixtures.ts';
import {
  completeRollouts,
  createDeployment,
  openRuntimeStage,
  pushVersions,
  type RuntimeStage,
} from '../../../test/runtime-stage.ts';
import { type ChartRepository, startChartRepository } from '../../../test/servers/chart-repository.ts';
import { startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import {
  apps,
  channels,
  type ProductObject,
  rejections,
  releases,
  subscriptions,
} from '../../adapters/cluster/kinds.ts';
import { createKubeClient } from '../../kube/client.ts';
import { loadKubeConfig } from '../../kube/kubeconfig.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { configMaps, deployments } from '../../kube/resource-types.ts';
import { decodeChannel } from '../../resources/channel/decode-channel.ts';
import { decodeReleaseObject } from '../../resources/channel/decode-release.ts';
import { decodeSubscription } from '../../resources/channel/decode-subscription.ts';
import { createChannelServer } from '../../server/channel.ts';
import { parseOutboundAllowance } from '../outbound-setup.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

interface Deployment extends KubeObject {
  readonly spec: { readonly replicas?: number };
}

const outbound = { allowance: parseOutboundAllowance(['127.0.0.0/8']), proxy: undefined };
const workloads = ['api', 'database'] as const;

let memberPlane: ControlPlane;
let registry: RunningRegistry;
let charts: ChartRepository;
let hub: RuntimeStage;
let member: RuntimeStage;
let together: TestServer;
let channelServer: ReturnType<typeof createChannelServer>;
let top: string;
let end: AbortController;
let urls: { readonly channel: string; readonly reports: string };

beforeAll(async () => {
  registry = await startRegistry();
  memberPlane = await startControlPlane();
  const client = createKubeClient(await loadKubeConfig({ path: memberPlane.kubeconfigPath, environment: process.env }));
  await installCrds(client);
  await client.close();
});

afterAll(async () => {
  await Promise.all([registry.stop(), memberPlane.stop()]);
});

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'fleet-'));
  end = new AbortController();
  charts = await startChartRepository();
  // Each of them is healthy alone; what calls the api does not understand its second version.
  together = await startHttpServer((_, response, { searchParams }) => {
    response.writeHead(searchParams.get('api') === '2.0.0' ? 500 : 200).end();
  });
  const listening = Promise.withResolvers<string>();
  const reports = { reportListen: '127.0.0.1:0', onReportsListening: listening.resolve };
  hub = await openRuntimeStage(inject('kubeconfig'), { channelFolder: top, outbound, ...reports });
  member = await openRuntimeStage(memberPlane.kubeconfigPath, { outbound });
  completeRollouts(hub, end.signal);
  completeRollouts(member, end.signal);
  await createTrustedRoot(member, await createChannelKeys(hub, join(top, 'stable')));
  channelServer = createChannelServer({ folder: top });
  const address = await channelServer.listen({ host: '127.0.0.1', port: 0 });
  urls = { channel: `${address}/stable/`, reports: `${await listening.promise}/reports/${hub.namespace}/stable` };
});

afterEach(async () => {
  end.abort();
  await Promise.all([hub.stop(), member.stop(), together.stop(), charts.stop(), channelServer.close()]);
  await rm(top, { recursive: true, force: true });
});

const create = (stage: RuntimeStage, type: typeof releases, name: string, spec: Json) =>
  stage.client.create<ProductObject>(type, { metadata: { namespace: stage.namespace, name, labels: ofChannel }, spec });

const common = { interval: '1m', health: { timeout: '5m', stableFor: '0s' }, gates: { preflight: { checks: [] } } };
const ofChannel = { channel: 'stable' };

async function publishChart(version: string, files: Readonly<Record<string, string>> = {}): Promise<void> {
  const values = 'color: blue\nimage: { repository: localhost/web, tag: "1" }\n';
  const templates = { 'templates/settings.yaml': settingsTemplate, 'templates/web.yaml': webTemplate, ...files };
  charts.add({ name: 'web', version, archive: await packChart({ name: 'web', version, files: templates, values }) });
}

const repositoryOf = (name: string) => `${hub.namespace}/${name}`;

/** In the hub: web is a chart, the others are Deployments, which the member has already, too. */
async function createApps(): Promise<void> {
  await publishChart('1.0.0');
  const chart = { repository: charts.url, name: 'web', insecure: true };
  const deploy = { helm: { chart: { source: 'web' } } };
  await create(hub, apps, 'web', { ...common, sources: [{ name: 'web', chart }], deploy });
  for (const name of workloads) {
    await pushVersions(registry.host, repositoryOf(name), ['1.0.0']);
    const repository = `${registry.host}/${repositoryOf(name)}`;
    await createDeployment(hub, name, `${repository}:1.0.0`);
    await createDeployment(member, name, `${repository}:1.0.0`);
    const image = { repository, insecure: true, policy: { semver: { range: '*' } } };
    const deploy = { workloads: { targets: [{ name }] } };
    await create(hub, apps, name, { ...common, sources: [{ name: 'image', image }], deploy });
  }
}

const createChannel = () =>
  create(hub, channels, 'stable', {
    apps: { matchLabels: ofChannel },
    // Long enough to find all that is new on a busy machine, whose clock here goes on all the same.
    gather: '1m',
    tests: [
      {
        ...{ name: 'together', interval: '1s', failureLimit: 0 },
        http: { url: `${together.origin}/?web={{version.web}}&api={{version.api}}&database={{version.database}}` },
      },
    ],
    publish: { folder: { path: 'stable' }, keysRef: { name: 'keys' } },
    reports: { pauseAt: { failures: 1, percent: 0 } },
  });

const subscribe = () =>
  create(member, subscriptions, 'stable', {
    ...{ url: urls.channel, trustedRoot: { name: 'stable-root' }, interval: '10s' },
    gates: { preflight: { checks: [] } },
    overlay: [{ app: 'web', values: { color: 'green' }, replicas: [{ name: 'web', count: 3 }] }],
    report: { url: urls.reports },
  });

/** Moves both clocks until it holds. */
const until = (check: () => unknown) =>
  vi.waitFor(
    async () => {
      await Promise.all([hub.clock.advance(1_000), member.clock.advance(1_000)]);
      await check();
    },
    { timeout: 120_000, interval: 50 },
  );

async function channelStatus() {
  const object = await hub.client.get<ProductObject>(channels, { namespace: hub.namespace, name: 'stable' });
  return decodeChannel(object, 'Channel stable').status;
}

async function status() {
  const key = { namespace: member.namespace, name: 'stable' };
  return decodeSubscription(await member.client.get<ProductObject>(subscriptions, key), 'Subscription').status;
}

const released = (release: string) => until(async () => expect(await channelStatus()).toMatchObject({ release }));

const runs = (release: string) =>
  until(async () => expect(await status()).toMatchObject({ release, waiting: { reason: 'UpToDate' } }));

async function settings() {
  const key = { namespace: member.namespace, name: 'web-settings' };
  return (await member.client.find<ConfigMap>(configMaps, key))?.data;
}

const tagOf = async (app: string) => (await member.app(app)).status?.sources?.[0]?.current?.tag;

test('the way of versions through a fleet', async () => {
  await createApps();
  await createChannel();
  await released('stable-1');
  await subscribe();
  await runs('stable-1');
  expect(await settings(), 'from the chart that the channel carries, with its own value').toEqual({
    color: 'green',
    version: '1.0.0',
  });

  const web = await member.client.get<Deployment>(deployments, { namespace: member.namespace, name: 'web' });
  expect(web.spec.replicas, 'by its overlay, over what the chart says').toBe(3);

  // A window of this cluster, in three hours.
  const opens = new Date(member.clock.now().getTime() + 3 * 3_600_000);
  opens.setUTCSeconds(0, 0);
  const cron = `${opens.getUTCMinutes()} ${opens.getUTCHours()} * * *`;
  const windows = [{ kind: 'Allow', cron, duration: '8h' }];
  const gates = { preflight: { checks: [] }, windows };
  const key = { namespace: member.namespace, name: 'stable' };
  await member.client.patch(subscriptions, key, { kind: 'merge', body: { spec: { gates } } });

  // The integration test catches api 2, bisect names it, and the good rest is released.
  await publishChart('2.0.0');
  await pushVersions(registry.host, repositoryOf('api'), ['2.0.0']);
  await pushVersions(registry.host, repositoryOf('database'), ['2.0.0']);
  for (const name of ['web', ...workloads]) {
    hub.runtime.webhooks.wakeApp(hub.namespace, name);
  }
  await released('stable-2');
  const object = await hub.client.get<ProductObject>(releases, { namespace: hub.namespace, name: 'stable-2' });
  const { spec } = decodeReleaseObject(object, 'Release');
  expect(Object.fromEntries(spec.apps.map(({ name, versions }) => [name, versions[0]?.tag]))).toEqual({
    ...{ api: '1.0.0', database: '2.0.0', web: '2.0.0' },
  });
  const { items } = await hub.client.list<ProductObject>(rejections, { namespace: hub.namespace });
  expect(items.map((one) => one.spec)).toEqual([expect.objectContaining({ app: 'api', tag: '2.0.0' })]);

  // The member waits for its window, and takes it then with its own values; the chart repository is away.
  await charts.stop();
  await until(async () => {
    expect((await status())?.release).toBe('stable-2');
    expect((await member.app('web')).status?.waiting?.reason).toBe('Window');
  });
  expect(await settings()).toMatchObject({ version: '1.0.0' });
  // Not past its opening: what begins then has its time to be healthy, and the rest of a jump takes none.
  await member.clock.advance(opens.getTime() - member.clock.now().getTime());
  await runs('stable-2');
  expect(await settings()).toEqual({ color: 'green', version: '2.0.0' });
  expect([await tagOf('api'), await tagOf('database')]).toEqual(['1.0.0', '2.0.0']);
  await until(async () => expect((await status())?.reported).toEqual({ release: 'stable-2', outcome: 'Succeeded' }));
});

test('what is good in the hub and bad here goes back here alone, is told, and spreads no further', async () => {
  await createApps();
  await createChannel();
  await released('stable-1');
  await subscribe();
  await runs('stable-1');

  // Whoever has green, as this cluster and not the hub, cannot run it.
  await publishChart('2.0.0', {
    'templates/bad.yaml':
      '{{ if eq .Values.color "green" }}\napiVersion: v1\nkind: Service\nmetadata: { name: Not_A_Name }\n{{ end }}\n',
  });
  hub.runtime.webhooks.wakeApp(hub.namespace, 'web');
  await released('stable-2');
  await until(async () => expect((await status())?.reported).toEqual({ release: 'stable-2', outcome: 'WentBack' }));
  expect((await status())?.apps).toContainEqual(expect.objectContaining({ name: 'web', state: 'Rejected' }));
  expect(await settings(), 'as before').toEqual({ color: 'green', version: '1.0.0' });
  expect((await member.updatesOf('web')).map((update) => update.status?.phase)).toContain('RolledBack');

  await until(async () =>
    expect((await channelStatus())?.waiting).toMatchObject({
      reason: 'RolloutPaused',
      message: expect.stringContaining('went back from stable-2'),
    }),
  );
  expect((await hub.app('web')).status?.sources?.[0]?.current?.tag, 'the hub runs it').toBe('2.0.0');

  // A cluster that comes later does not take it.
  const late = { url: urls.channel, trustedRoot: { name: 'stable-root' }, interval: '10s', apps: ['nothing'] };
  await create(member, subscriptions, 'late', late);
  await until(async () => {
    const key = { namespace: member.namespace, name: 'late' };
    const one = decodeSubscription(await member.client.get<ProductObject>(subscriptions, key), 'Subscription');
    expect(one.status?.waiting?.reason).toBe('RolloutPaused');
  });
});
