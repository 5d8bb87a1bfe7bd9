/** The story of a fleet: a hub tries versions together and releases what passed, a cluster that subscribes takes them, and what is bad only there stops there. */
import assert from 'node:assert/strict';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ProductObject, rejections } from '../../src/adapters/cluster/kinds.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { configMaps, secrets, serviceAccounts, services } from '../../src/kube/resource-types.ts';
import type { RejectionSpecWire } from '../../src/resources/update/rejection.ts';
import {
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
} from '../../test/headgate/fleet.ts';
import { runWeb } from '../../test/headgate/objects.ts';
import { type OrderPlace, orderApps, pushOrderApp, runOrderApps } from '../../test/headgate/orders.ts';
import { packWebChart } from '../../test/headgate/web-chart.ts';
import { makeClaim } from '../../test/images/shop-objects.ts';
import { makeWebImage } from '../../test/images/web-image.ts';
import { webService } from '../../test/images/web-objects.ts';
import { pushImage } from '../oci/push.ts';
import { shorten, watchFleet } from './fleet-sight.ts';
import { type Fleet, openFleet } from './fleet-stage.ts';
import { headgate, headgateAlone, installHeadgate, makeHeadgate, pushHeadgate } from './install.ts';
import type { Stage } from './stage.ts';
import { startVisitor, type Visitor } from './visitor.ts';

type Say = (text: string) => void;

const namespace = 'demo';
const deadlineMs = 90_000;
const windowAfterMs = 5_000;
/** ServiceAccount in whose name Helm works, in both clusters. */
const deployer = 'deployer';
const workloads = ['api', 'database'] as const;

/** Tells it; every line was seen on the clusters, and whatever is not as it should be throws. */
export async function tellFleetStory(say: Say): Promise<void> {
  if (process.env['KEEP'] === '1' || process.env['KUBECONFIG']) {
    throw new Error('SCENARIO=fleet plays on two clusters of its own: unset KEEP and KUBECONFIG');
  }
  // Made while the clusters start; what goes wrong with it is told when it is pushed.
  const making = makeHeadgate();
  making.catch(() => undefined);
  const fleet = await openFleet();
  const end = new AbortController();
  try {
    say('two clusters are up: hub and member, each with a node');
    await installBoth(fleet, making, say);
    const [hub, member] = [placeOf(fleet.hub), placeOf(fleet.member)];
    await beginHub(fleet, hub, say);
    watchFleet(fleet, say, end.signal);
    await releaseFirst(hub, say);
    const visitor = await subscribeMember(fleet, member, say);
    await breakTogether(fleet, { hub, member }, say);
    await breakMember(fleet, { hub, member }, say);
    await visitor.stop();
    assert.deepEqual(visitor.errors, [], 'a visitor of the member saw errors');
    say(`a visitor of web in the member asked ${visitor.requests} times all along and saw no error`);
    const history = await headgate(fleet.member, namespace, 'history', 'web');
    console.log(`\n$ headgate history web     # in the member\n${history}`);
  } finally {
    end.abort();
    await fleet.close();
  }
}

function placeOf({ client, registry }: Stage): OrderPlace {
  return {
    ...{ client, namespace, repository: (name = 'web') => `${registry}/${name}` },
    push: ({ repository = 'web', tag, version = tag, behaviour = 'good', pages = {} }) =>
      pushImage(makeWebImage({ version, behaviour, pages }), { host: registry, repository, tag, insecure: true }),
  };
}

interface DataObject extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

/** Keys and the first root of the channel are made as a person would; then Headgate goes into both clusters. */
async function installBoth(
  { hub, member, folder }: Fleet,
  making: ReturnType<typeof makeHeadgate>,
  say: Say,
): Promise<void> {
  const digest = await pushHeadgate(hub, say, making);
  await makeClaim({ client: hub.client, namespace: 'headgate', folder }, 'channels');
  const [store, keys] = [join(folder, 'channels', 'stable'), join(folder, 'keys')];
  await headgateAlone('channel', 'init', '--store', store, '--keys', keys);
  chmodSync(store, 0o777);
  const pems = ['targets.pem', 'snapshot.pem', 'timestamp.pem'].map(
    (name) => [name, readFileSync(join(keys, name))] as const,
  );
  const data = Object.fromEntries(pems.map(([name, bytes]) => [name, bytes.toString('base64')]));
  await hub.client.create<DataObject>(secrets, { metadata: { namespace, name: 'keys' }, data });
  const root = { 'root.json': readFileSync(join(store, '1.root.json'), 'utf8') };
  await member.client.create<DataObject>(configMaps, { metadata: { namespace, name: 'stable-root' }, data: root });
  say('headgate channel init: keys and the first root; root.json is handed to the member');
  await Promise.all([allowHelm(hub), allowHelm(member)]);
  const quiet = () => undefined;
  // Nothing is upgraded here that would have to prove itself.
  const both = ['helmReleases=true', 'minReadySeconds=0'];
  const asHub = ['hub.enabled=true', 'hub.claim=channels', 'hub.reports.enabled=true'];
  await Promise.all([
    installHeadgate(hub, quiet, [...asHub, ...both], digest),
    installHeadgate(member, quiet, ['subscriptions=true', ...both], digest),
  ]);
  say('helm install headgate: ready in both clusters');
}

interface RoleBinding extends KubeObject {
  readonly roleRef: object;
  readonly subjects: readonly object[];
}

async function allowHelm({ client }: Stage): Promise<void> {
  const group = 'rbac.authorization.k8s.io';
  const roleBindings = { group, version: 'v1', kind: 'RoleBinding', plural: 'rolebindings', namespaced: true };
  const metadata = { namespace, name: deployer };
  await client.create(serviceAccounts, { metadata });
  await client.create<RoleBinding>(roleBindings, {
    metadata,
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'admin' },
    subjects: [{ kind: 'ServiceAccount', namespace, name: deployer }],
  });
}

/** In the hub: api and database are Deployments, web is a chart. */
async function beginHub(fleet: Fleet, hub: OrderPlace, say: Say): Promise<void> {
  await publishWeb(fleet, hub, '1.0.0');
  await runOrderApps(hub, workloads);
  await hub.client.create(services, webService({ name: 'web', namespace }));
  await putWebApp(hub, fleet.charts.url, deployer);
  await putChannel(hub);
  say('hub: Apps web (a chart), api and database; Channel stable tests that web shows the orders of api');
}

async function publishWeb({ charts }: Fleet, hub: OrderPlace, version: string): Promise<void> {
  await pushOrderApp(hub, 'web', version);
  charts.add({ name: 'web', version, archive: await packWebChart(version, hub.repository('web')) });
}

async function releaseFirst(hub: OrderPlace, say: Say): Promise<void> {
  say(`hub: stable-1 is released: ${sayVersions(versionsIn(await untilReleased(hub, 'stable-1')))}`);
}

interface ServiceObject extends KubeObject {
  readonly spec: { readonly clusterIP: string };
}

async function subscribeMember(fleet: Fleet, member: OrderPlace, say: Say): Promise<Visitor> {
  for (const name of orderApps) {
    await member.client.create(services, webService({ name, namespace }));
  }
  await Promise.all(workloads.map((name) => runWeb(member, { name, image: `${member.repository(name)}:1.0.0` })));
  await subscribe(member, await fleet.openChannels('stable'));
  say('member: subscribes, with values of its own: theme dark, two pods of web');
  await untilRuns(member, 'stable-1');
  assert.partialDeepStrictEqual(await webOf(member), { theme: 'dark', availableReplicas: 2 });
  assert.partialDeepStrictEqual(await webOf(placeOf(fleet.hub)), { theme: 'light', availableReplicas: 1 });
  const { spec } = await member.client.get<ServiceObject>(services, { namespace, name: 'web' });
  const visitor = await startVisitor(spec.clusterIP, 80, deadlineMs);
  say(`member: stable-1 runs, with theme dark in two pods; a visitor is answered "${visitor.lastAnswer}"`);
  return visitor;
}

interface Places {
  readonly hub: OrderPlace;
  readonly member: OrderPlace;
}

/** Each is healthy alone, and api 2 breaks web. */
async function breakTogether(fleet: Fleet, { hub, member }: Places, say: Say): Promise<void> {
  await setWindow(member, new Date(Date.now() + 3 * 3_600_000));
  say('member: takes Updates in a window only, which opens in three hours');
  await pushOrderApp(hub, 'api', '2.0.0', true);
  await pushOrderApp(hub, 'database', '2.0.0');
  await publishWeb(fleet, hub, '2.0.0');
  say('new: api 2.0.0, database 2.0.0, web 2.0.0; each is healthy alone, and api 2.0.0 breaks web');
  const versions = versionsIn(await untilReleased(hub, 'stable-2'));
  assert.deepEqual(versions, { api: '1.0.0', database: '2.0.0', web: '2.0.0' });
  const [rejection, ...more] = await rejectionsOf(fleet.hub);
  assert.equal(rejection?.app, 'api');
  assert.deepEqual(more, [], 'only api is rejected');
  say(`hub: api ${rejection?.tag} is rejected: ${shorten(rejection?.reason ?? '')}`);
  say(`hub: stable-2 is released without it: ${sayVersions(versions)}`);
  await untilSubscribed(member, 'stable-2 is given', ({ release }) => release === 'stable-2');
  const opens = new Date(Date.now() + windowAfterMs);
  await setWindow(member, opens);
  say(`member: the window is moved; it opens at ${opens.toISOString().slice(11, 19)}`);
  await untilRuns(member, 'stable-2');
  assert.partialDeepStrictEqual(await webOf(member), { theme: 'dark', availableReplicas: 2 });
  say('member: stable-2 runs, in its window and with its own values');
}

/** Good in the hub, and bad where the theme is dark. */
async function breakMember(fleet: Fleet, { hub, member }: Places, say: Say): Promise<void> {
  await publishWeb(fleet, hub, '3.0.0');
  say('new: web 3.0.0, which has lost its dark theme');
  await untilReleased(hub, 'stable-3');
  say('hub: stable-3 is released; here the theme is light');
  await untilSubscribed(
    member,
    'the hub is told',
    ({ reported }) => reported?.release === 'stable-3' && reported.outcome === 'WentBack',
  );
  assert.partialDeepStrictEqual(await webOf(member), { theme: 'dark', availableReplicas: 2 });
  const [rejection] = await rejectionsOf(fleet.member);
  assert.equal(rejection?.tag, '3.0.0');
  say(`member: went back alone, and rejects web 3.0.0: ${shorten(rejection?.reason ?? '')}`);
  say('member: tells the hub: WentBack, and nothing else');
  say(`hub: the rollout is paused for all others: ${await untilPaused(hub)}`);
}

async function rejectionsOf({ client }: Stage): Promise<readonly RejectionSpecWire[]> {
  const { items } = await client.list<ProductObject & { readonly spec: RejectionSpecWire }>(rejections, { namespace });
  return items.map(({ spec }) => spec);
}

function sayVersions(versions: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
}
