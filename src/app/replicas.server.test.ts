/** Three replicas as processes of their own, of which any is killed or frozen while they have many Updates under way. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { hireWarden, type RunningProcess, type Warden } from '../../test/cluster/warden.ts';
import { connectTo, createNamespace } from '../../test/kube/server-fixtures.ts';
import { claimsIn, isLeading, leaderIn, startReplica } from '../../test/replicas/replicas.ts';
import { completeRollouts, createDeployment, pushVersions } from '../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../test/servers/registry.ts';
import { apps, type ProductObject, updates } from '../adapters/cluster/kinds.ts';
import type { KubeClient } from '../kube/client.ts';
import { startInformer } from '../kube/informer.ts';
import type { KubeObject } from '../kube/objects.ts';
import { deployments } from '../kube/resource-types.ts';
import type { AppSpecWire } from '../resources/app/app.ts';

const count = 24;
const names = Array.from({ length: count }, (_, at) => `web-${at}`);

let client: KubeClient;
let registry: RunningRegistry;
let warden: Warden;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
  registry = await startRegistry();
  warden = await hireWarden();
});

afterAll(async () => {
  await Promise.all([client.close(), registry.stop(), warden.dismiss()]);
});

interface Place {
  readonly namespace: string;
  readonly replicas: RunningProcess[];
  /** Images of each Deployment, in the order in which they were set. */
  readonly images: ReadonlyMap<string, readonly string[]>;
  readonly signal: AbortSignal;
  readonly openedAtMs: number;
}

/** Apps on Deployments of 1.0.0 whose Updates take some seconds, and three replicas that share them. */
async function open(onTestFinished: (end: () => Promise<void>) => void, stableFor: string): Promise<Place> {
  const namespace = await createNamespace(client);
  const stop = new AbortController();
  const place = {
    namespace,
    replicas: [] as RunningProcess[],
    images: new Map<string, string[]>(),
    signal: stop.signal,
    openedAtMs: performance.now(),
  };
  onTestFinished(async () => {
    stop.abort();
    await Promise.all(place.replicas.map((replica) => replica.stop('SIGKILL')));
  });
  await pushVersions(registry.host, `${namespace}/web`, ['1.0.0']);
  completeRollouts({ client, namespace }, stop.signal);
  noteImages(place);
  const image = `${registry.host}/${namespace}/web`;
  const spec = (name: string): AppSpecWire => ({
    interval: '5s',
    sources: [{ name: 'web', image: { repository: image, insecure: true, policy: { semver: { range: '1.x' } } } }],
    deploy: { workloads: { targets: [{ kind: 'Deployment', name }] } },
    health: { timeout: '120s', stableFor },
  });
  for (const name of names) {
    await createDeployment({ client, namespace }, name, `${image}:1.0.0`);
    await client.create<ProductObject>(apps, { metadata: { namespace, name }, spec: spec(name) });
  }
  place.replicas.push(...[1, 2, 3].map((number) => startReplica(warden, placeOf(namespace), `${namespace}-${number}`)));
  await eventually(async () => expect(await claimedBy(place)).toHaveLength(3), 60_000);
  await eventually(async () => expect((await appsNow(place)).filter(isUpToDate)).toHaveLength(count), 60_000);
  return place;
}

const placeOf = (namespace: string) => ({ kubeconfigPath: inject('kubeconfig'), namespace });

function noteImages({ namespace, images, signal }: Place & { readonly images: Map<string, string[]> }): void {
  interface DeploymentObject extends KubeObject {
    readonly spec: { readonly template: { readonly spec: { readonly containers: readonly { image: string }[] } } };
  }
  startInformer<DeploymentObject>({
    client,
    type: deployments,
    namespace,
    signal,
    onError: () => undefined,
    onChange: ({ metadata, spec }) => {
      const image = spec.template.spec.containers[0]?.image ?? '';
      const before = images.get(metadata.name) ?? [];
      if (before.at(-1) !== image) {
        images.set(metadata.name, [...before, image]);
      }
    },
  });
}

function eventually(check: () => void | Promise<void>, timeout: number): Promise<void> {
  return vi.waitFor(check, { timeout, interval: 100 });
}

async function appsNow({ namespace }: Place): Promise<readonly ProductObject[]> {
  return (await client.list<ProductObject>(apps, { namespace })).items;
}

async function updatesNow({ namespace }: Place): Promise<readonly ProductObject[]> {
  return (await client.list<ProductObject>(updates, { namespace })).items;
}

function isUpToDate({ status }: ProductObject): boolean {
  return JSON.stringify(status ?? {}).includes('"reason":"UpToDate"');
}

function phaseOf({ status }: ProductObject): string {
  return (status as { phase?: string } | undefined)?.phase ?? '';
}

/** Holders that have shards, where all shards are claimed just once. */
async function claimedBy({ namespace }: Place): Promise<readonly string[]> {
  const claims = await claimsIn(client, namespace);
  const all = claims.flatMap(({ shards }) => shards);
  return all.length === 64 && new Set(all).size === 64
    ? claims.filter(({ shards }) => shards.length > 0).map(({ holder }) => holder)
    : [];
}

/** All Updates to 1.1.0 are under way, and none has ended. */
async function untilUnderWay(place: Place): Promise<void> {
  await pushVersions(registry.host, `${place.namespace}/web`, ['1.1.0']);
  await eventually(async () => {
    const phases = (await updatesNow(place)).map(phaseOf);
    expect(phases.filter((phase) => phase === 'Watching').length).toBeGreaterThan(count / 2);
  }, 60_000);
}

/** Each App was updated once, each Deployment changed once, and no Update is lost. */
async function expectEachOnce(place: Place): Promise<void> {
  await eventually(async () => {
    const all = await updatesNow(place);
    expect(all.map(phaseOf)).toEqual(new Array(count).fill('Succeeded'));
    expect((await appsNow(place)).filter(isUpToDate)).toHaveLength(count);
  }, 120_000);
  expect((await updatesNow(place)).map(({ metadata }) => metadata.name).toSorted()).toEqual(
    names.map((name) => `${name}-1`).toSorted(),
  );
  for (const name of names) {
    expect(
      place.images.get(name)?.map((image) => /:(1\.\d)/.exec(image)?.[1]),
      name,
    ).toEqual(['1.0', '1.1']);
    expect((await client.get<KubeObject>(deployments, { namespace: place.namespace, name })).metadata.generation).toBe(
      2,
    );
  }
}

test('three replicas share the Updates, one asks the registry', { timeout: 300_000 }, async ({ onTestFinished }) => {
  const place = await open(onTestFinished, '4s');

  await untilUnderWay(place);
  await expectEachOnce(place);

  const leading = await Promise.all(place.replicas.map(isLeading));
  expect(leading.filter(Boolean)).toHaveLength(1);
  const listed = (await registry.accessLog()).filter(({ path }) =>
    path.startsWith(`/v2/${place.namespace}/web/tags/list`),
  );
  // One conditional request an interval over 24 Apps, whoever works on their Updates.
  const intervals = (performance.now() - place.openedAtMs) / 5_000;
  expect(listed.length).toBeLessThanOrEqual(intervals + 1);
  expect(listed.length).toBeGreaterThan(1);
});

test('each of three is killed in the middle, one after the other, and others go on within 15 s', {
  timeout: 300_000,
}, async ({ onTestFinished }) => {
  const place = await open(onTestFinished, '40s');
  await untilUnderWay(place);

  const gaps: number[] = [];
  for (const victim of [...place.replicas]) {
    const holders = new Set((await claimsIn(client, place.namespace)).map(({ holder }) => holder));
    process.kill(victim.pid, 'SIGKILL');
    const killedAt = performance.now();
    const former = (await leaderIn(client, place.namespace))?.spec?.holderIdentity;
    const wasLeading = await isLeading(victim);
    // All shards are with the living: two, for the one that comes instead is not started yet.
    await eventually(async () => {
      const living = await claimedBy(place);
      expect(living).toHaveLength(2);
      expect(living.every((holder) => holders.has(holder))).toBe(true);
      if (wasLeading) {
        expect((await leaderIn(client, place.namespace))?.spec?.holderIdentity).not.toBe(former);
      }
    }, 30_000);
    gaps.push((performance.now() - killedAt) / 1_000);
    place.replicas.push(
      startReplica(warden, placeOf(place.namespace), `${place.namespace}-${place.replicas.length + 1}`),
    );
    await eventually(async () => expect(await claimedBy(place)).toHaveLength(3), 60_000);
  }

  await expectEachOnce(place);
  expect(gaps.filter((seconds) => seconds >= 15)).toEqual([]);
});

test('one is frozen for a minute and goes on: it has lost its share, and does no harm', { timeout: 300_000 }, async ({
  onTestFinished,
}) => {
  const place = await open(onTestFinished, '20s');
  await untilUnderWay(place);
  const leading = await Promise.all(place.replicas.map(isLeading));
  const victims = place.replicas.filter((_, at) => leading[at] || at === (leading[0] ? 1 : 0));

  for (const { pid } of victims) {
    process.kill(pid, 'SIGSTOP');
  }
  await eventually(async () => expect(await claimedBy(place)).toHaveLength(1), 30_000);
  await delay(60_000);
  const versions = (await updatesNow(place)).map(({ metadata }) => metadata.resourceVersion);
  for (const { pid } of victims) {
    process.kill(pid, 'SIGCONT');
  }
  await eventually(() => expect(victims.map(({ ending }) => ending)).toEqual(['exit code 1', 'exit code 1']), 30_000);

  await expectEachOnce(place);
  expect(versions).toHaveLength(count);
});
