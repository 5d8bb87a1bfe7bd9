/**
 * The way of versions through a fleet with real pods in both clusters: a hub tries them together and releases what passed; a cluster on a control
 * plane and a node of its own takes it in its window with its own values; what is bad only there goes back there alone, is told, and spreads no further.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, type TestContext, test } from 'vitest';
import { deployments, services } from '../src/kube/resource-types.ts';
import { createChannelKeys, createTrustedRoot } from '../test/channels/channel-keys.ts';
import { type ClusterWithNode, startNode } from '../test/cluster/node.ts';
import { freePort } from '../test/cluster/ports.ts';
import { nameRegistry, openRelay } from '../test/cluster/relay.ts';
import {
  type ChannelAddresses,
  putChannel,
  putWebApp,
  setWindow,
  subscribe,
  untilPaused,
  untilReleased,
  untilRuns,
  untilSubscribed,
  versionsIn,
  webOf,
} from '../test/headgate/fleet.ts';
import { startHeadgate } from '../test/headgate/headgate.ts';
import { runWeb } from '../test/headgate/objects.ts';
import { orderApps, pushOrderApp, runOrderApps } from '../test/headgate/orders.ts';
import { imagesOf, rejectionsIn, runningDigests, untilApp, updatesIn } from '../test/headgate/sight.ts';
import { openStage, type Stage } from '../test/headgate/stage.ts';
import { packWebChart } from '../test/headgate/web-chart.ts';
import { webService } from '../test/images/web-objects.ts';
import { type ChartRepository, startChartRepository } from '../test/servers/chart-repository.ts';

const workloads = ['api', 'database'] as const;
const outbound = { allowOutbound: ['127.0.0.0/8'] };

interface Member {
  readonly cluster: ClusterWithNode;
  /** `host:port` where it reaches the registry of the hub, for its node and for its Headgate. */
  readonly registry: string;
}

/** The second cluster, which knows another place for the images of the first. */
async function startMember({ onTestFinished }: TestContext): Promise<Member> {
  const cluster = await startNode({ name: 'member' });
  onTestFinished(() => cluster.stop());
  const registry = await openRelay(cluster.network.hostAddress, inject('registry'));
  onTestFinished(() => registry.close());
  await nameRegistry(cluster.directory, inject('registry'), registry.address);
  return { cluster, registry: registry.address };
}

interface Hub {
  readonly stage: Stage;
  readonly charts: ChartRepository;
  /** Pushes an image of web and the chart of the same version. */
  publishWeb(version: string): Promise<string>;
}

async function openHub(context: TestContext): Promise<Hub> {
  const stage = await openStage(context, 'hub');
  const charts = await startChartRepository();
  stage.atEnd(() => charts.stop());
  const publishWeb = async (version: string) => {
    const digest = await pushOrderApp(stage, 'web', version);
    charts.add({ name: 'web', version, archive: await packWebChart(version, stage.repository('web')) });
    return digest;
  };
  await publishWeb('1.0.0');
  await runOrderApps(stage, workloads);
  await stage.client.create(services, webService({ name: 'web', namespace: stage.namespace }));
  await putWebApp(stage, charts.url);
  return { stage, charts, publishWeb };
}

/** @returns addresses of the channel and of its reports */
async function openChannel({ stage }: Hub, member: Stage): Promise<ChannelAddresses> {
  const folder = await mkdtemp(join(tmpdir(), 'fleet-'));
  stage.atEnd(() => rm(folder, { recursive: true, force: true }));
  await createTrustedRoot(member, await createChannelKeys(stage, join(folder, 'stable')));
  await putChannel(stage);
  const channelListen = `127.0.0.1:${await freePort('127.0.0.1')}`;
  const reportListen = `127.0.0.1:${await freePort('127.0.0.1')}`;
  startHeadgate(stage, undefined, { ...outbound, channelFolder: folder, channelListen, reportListen });
  return {
    url: `http://${channelListen}/stable/`,
    reports: `http://${reportListen}/reports/${stage.namespace}/stable`,
  };
}

/** What the member has before: its own Deployments of api and database. */
async function runMember(hub: Stage, member: Stage, registry: string): Promise<void> {
  for (const name of orderApps) {
    await member.client.create(services, webService({ name, namespace: member.namespace }));
  }
  for (const name of workloads) {
    await runWeb(member, { name, image: `${hub.repository(name)}:1.0.0` });
  }
  const registrySubstitutes = [`${inject('registry')}=http://${registry}`];
  startHeadgate(member, undefined, { ...outbound, registrySubstitutes });
}

const released = async (stage: Stage, name: string) => versionsIn(await untilReleased(stage, name));

test('versions go through a hub to a cluster with a window and values of its own, and what is bad only there stops there', async (context) => {
  const [{ cluster, registry }, hub] = await Promise.all([startMember(context), openHub(context)]);
  const member = await openStage(context, 'member', cluster.kubeconfigPath);
  const addresses = await openChannel(hub, member);
  await runMember(hub.stage, member, registry);
  expect(await released(hub.stage, 'stable-1')).toEqual({ api: '1.0.0', database: '1.0.0', web: '1.0.0' });
  await subscribe(member, addresses);
  await untilRuns(member, 'stable-1');
  expect(await webOf(member), 'by its own values').toMatchObject({ theme: 'dark', availableReplicas: 2 });
  expect(await webOf(hub.stage)).toMatchObject({ theme: 'light', availableReplicas: 1 });

  // Each is healthy alone; the test over all catches api 2, which is named, and the rest is released.
  await setWindow(member, new Date(Date.now() + 3 * 3_600_000));
  const bad = await pushOrderApp(hub.stage, 'api', '2.0.0', true);
  const [database, web] = [await pushOrderApp(hub.stage, 'database', '2.0.0'), await hub.publishWeb('2.0.0')];
  expect(await released(hub.stage, 'stable-2')).toEqual({ api: '1.0.0', database: '2.0.0', web: '2.0.0' });
  expect(await rejectionsIn(hub.stage)).toEqual([
    expect.objectContaining({ app: 'api', digest: bad, author: expect.stringMatching(/^Channel stable, candidate/) }),
  ]);

  // The member waits for its window, and takes it then, with its own values.
  await untilApp(member, { name: 'database', reason: 'Window', deadlineMs: 120_000 });
  expect(Object.values(await imagesOf(member, deployments, 'database'))[0]).toMatch(/:1\.0\.0/);
  const opens = new Date(Date.now() + 3_000);
  await setWindow(member, opens);
  await untilRuns(member, 'stable-2');
  expect(await webOf(member)).toMatchObject({ theme: 'dark', availableReplicas: 2 });
  expect(new Set(await runningDigests(member, 'app in (web, database)'))).toEqual(new Set([database, web]));
  expect(Object.values(await imagesOf(member, deployments, 'api'))[0]).toMatch(/:1\.0\.0/);
  const taken = (await updatesIn(member)).filter(({ spec }) => spec.changes[0]?.to.tag === '2.0.0');
  expect(taken.map(({ spec, status }) => [spec.app, status?.phase]).toSorted()).toEqual([
    ['database', 'Succeeded'],
    ['web', 'Succeeded'],
  ]);
  for (const { status } of taken) {
    const began = status?.steps?.find(({ name }) => name === 'Apply')?.startedAt ?? '';
    expect(Date.parse(began), 'not before the window').toBeGreaterThanOrEqual(
      Math.floor(opens.getTime() / 1_000) * 1_000,
    );
  }

  // Good in the hub, and bad where the theme is dark: there it goes back alone, tells so, and the rollout is paused.
  await hub.publishWeb('3.0.0');
  expect(await released(hub.stage, 'stable-3')).toMatchObject({ web: '3.0.0' });
  await untilSubscribed(
    member,
    'the hub is told',
    ({ reported }) => reported?.release === 'stable-3' && reported.outcome === 'WentBack',
  );
  expect(await webOf(member), 'as before').toMatchObject({ theme: 'dark', availableReplicas: 2 });
  expect(new Set(await runningDigests(member, 'app=web'))).toEqual(new Set([web]));
  expect(await rejectionsIn(member)).toEqual([expect.objectContaining({ app: 'web', tag: '3.0.0' })]);
  expect(await untilPaused(hub.stage)).toContain('went back from stable-3');
  expect(Object.values(await imagesOf(hub.stage))[0], 'the hub runs it').toMatch(/:3\.0\.0/);
}, 600_000);
