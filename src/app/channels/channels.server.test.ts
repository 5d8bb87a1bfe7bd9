/** A hub that publishes into a folder, a web server over it, and a cluster that subscribes: all of them at work, on one API server. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { lifetimes, signal } from '../../../test/channels/channel-ground.ts';
import { createChannelKeys, createTrustedRoot, type NewChannel } from '../../../test/channels/channel-keys.ts';
import { digest } from '../../../test/fixtures.ts';
import {
  completeRollouts,
  createDeployment,
  openRuntimeStage,
  type RuntimeStage,
} from '../../../test/runtime-stage.ts';
import { createFolderStore } from '../../adapters/channel/folder-store.ts';
import { createChannelPublisher } from '../../adapters/channel/publisher.ts';
import { channels, type ProductObject, rejections, releases, subscriptions } from '../../adapters/cluster/kinds.ts';
import { statementOf } from '../../core/channel/evidence.ts';
import { evidencePath } from '../../core/channel/layout.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { deployments } from '../../kube/resource-types.ts';
import { decodeSubscription } from '../../resources/channel/decode-subscription.ts';
import { createChannelServer } from '../../server/channel.ts';
import { parseOutboundAllowance } from '../outbound-setup.ts';

type Json = Readonly<Record<string, unknown>>;

let hub: RuntimeStage;
let member: RuntimeStage;
let top: string;
let server: FastifyInstance;
let url: string;
let root: NewChannel;
let requests: string[];
let end: AbortController;

const outbound = { allowance: parseOutboundAllowance(['127.0.0.0/8']), proxy: undefined };

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'channels-'));
  end = new AbortController();
  requests = [];
  hub = await openRuntimeStage(inject('kubeconfig'), { channelFolder: top });
  member = await openRuntimeStage(inject('kubeconfig'), { channelFolder: top, outbound });
  root = await createChannelKeys(hub, join(top, 'stable'));
  server = createChannelServer({ folder: top });
  server.addHook('onRequest', async ({ url: path }) => void requests.push(path));
  url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/stable/`;
  await createTrustedRoot(member, root);
  await createDeployment(member, 'web', `registry.invalid/web:1.0.0@${digest('a')}`);
  completeRollouts(member, end.signal);
});

afterEach(async () => {
  end.abort();
  await Promise.all([hub.stop(), member.stop(), server.close()]);
  await rm(top, { recursive: true, force: true });
});

const definition = {
  interval: '5m',
  sources: [{ name: 'image', image: { repository: 'registry.invalid/web', policy: { semver: { range: '*' } } } }],
  deploy: { workloads: { targets: [{ name: 'web' }] } },
  health: { timeout: '1m', stableFor: '0s' },
  gates: { approvals: { required: 3 } },
};

const webApp = (tag: string, hash: string, changed: Json = {}) => ({
  name: 'web',
  namespace: hub.namespace,
  definition: JSON.stringify({ ...definition, ...changed }),
  versions: [{ source: 'image', kind: 'Image', location: 'registry.invalid/web', tag, digest: digest(hash) }],
});

const create = (stage: RuntimeStage, type: typeof releases, name: string, spec: Json) =>
  stage.client.create<ProductObject>(type, { metadata: { namespace: stage.namespace, name }, spec });

const createRelease = (sequence: number, apps: readonly Json[], changed: Json = {}) =>
  create(hub, releases, `r${sequence}`, {
    ...{ channel: 'stable', sequence, apps },
    createdAt: new Date().toISOString(),
    ...changed,
  });

const createChannel = (changed: Json = {}) =>
  create(hub, channels, 'stable', {
    apps: { names: ['web'] },
    publish: { folder: { path: 'stable' }, keysRef: { name: 'keys' } },
    ...changed,
  });

/** The images of these tests are in no registry, which pre-flight would say. */
const gates = { preflight: { checks: [] } };

const subscribe = (changed: Json = {}) =>
  create(member, subscriptions, 'stable', {
    url,
    trustedRoot: { name: 'stable-root' },
    interval: '10s',
    gates,
    ...changed,
  });

const status = async () => {
  const object = await member.client.get<ProductObject>(subscriptions, { namespace: member.namespace, name: 'stable' });
  return decodeSubscription(object, 'Subscription').status;
};

const image = async () => {
  const object = await member.client.get<KubeObject>(deployments, { namespace: member.namespace, name: 'web' });
  return JSON.stringify(object).match(/"image":"([^"]+)"/)?.[1];
};

/** Moves both clocks until it holds. */
const until = (check: () => unknown) =>
  member.until(async () => {
    await hub.clock.advance(50);
    await member.clock.advance(1_000);
    await check();
  });

const published = (name: string) =>
  hub.until(async () => {
    const release = await hub.client.get<ProductObject>(releases, { namespace: hub.namespace, name });
    expect(release.status).toMatchObject({ published: { at: expect.any(String) } });
  });

const runs = (release: string, tag: string, hash: string) =>
  until(async () => {
    expect(await image()).toBe(`registry.invalid/web:${tag}@${digest(hash)}`);
    expect(await status()).toMatchObject({
      release,
      waiting: { reason: 'UpToDate' },
      apps: [{ name: 'web', state: 'Current' }],
    });
  });

test('a cluster takes one Release after the other, each by an Update of its own, and asks no registry', async () => {
  await createChannel();
  await createRelease(1, [webApp('1.1.0', 'b')]);
  await published('r1');
  await subscribe();
  await runs('r1', '1.1.0', 'b');

  await createRelease(2, [webApp('1.2.0', 'c')]);
  await published('r2');
  await runs('r2', '1.2.0', 'c');

  const updates = await member.updatesOf('web');
  expect(updates.map(({ spec, status: { phase } = {} }) => [spec.changes[0]?.to.tag, phase]).toSorted()).toEqual([
    ['1.1.0', 'Succeeded'],
    ['1.2.0', 'Succeeded'],
  ]);
  const { spec } = await member.app('web');
  // Those of the hub are left behind.
  expect(spec.gates).toMatchObject(gates);
  expect(spec.gates?.approvals).toBeUndefined();
  expect(spec.sources[0]?.image?.policy).toEqual({ pinned: { tag: '1.2.0', digest: digest('c') } });
  expect(member.log.filter(({ msg }) => JSON.stringify(msg ?? '').includes('registry.invalid'))).toEqual([]);
});

test('at rest a look asks for the next root and the timestamp, and the API server for nothing', async () => {
  await createChannel();
  await createRelease(1, [webApp('1.1.0', 'b')]);
  await published('r1');
  await subscribe();
  await runs('r1', '1.1.0', 'b');
  await member.pass(60_000, 'web');

  const [asked, looked] = [member.asked().length, requests.length];
  for (let turn = 0; turn < 5; turn += 1) {
    await member.clock.advance(12_000);
    await member.until(() => expect(requests.length).toBeGreaterThanOrEqual(looked + 2 * (turn + 1)));
  }
  expect(new Set(requests.slice(looked))).toEqual(new Set(['/stable/2.root.json', '/stable/timestamp.json']));
  // The guard of addresses looks from time to time where the API server is; the test itself touched the App.
  const asOfOthers = /^\/api$|\/apps\/web/;
  expect(member.asked(asked).filter(({ path }) => !asOfOthers.test(path))).toEqual([]);
});

describe('a Release that is withdrawn', () => {
  const withdraw = () =>
    hub.client.patch(
      channels,
      { namespace: hub.namespace, name: 'stable' },
      { kind: 'merge', body: { spec: { deadEnds: [{ release: 'r2', reason: 'loses data' }] } } },
    );

  beforeEach(async () => {
    await createChannel();
    await createRelease(1, [webApp('1.1.0', 'b')]);
    await createRelease(2, [webApp('1.2.0', 'c')]);
    await published('r2');
  });

  test('is told to those who run it, and left by those who want to', async () => {
    await subscribe({ onWithdrawn: 'GoBack' });
    await runs('r2', '1.2.0', 'c');
    await withdraw();
    await runs('r1', '1.1.0', 'b');
    const { items } = await member.client.list<ProductObject>(rejections, { namespace: member.namespace });
    expect(items.map(({ spec }) => spec)).toMatchObject([
      { app: 'web', digest: digest('c'), author: 'Subscription stable' },
    ]);
  });

  test('is told to those who stay', async () => {
    await subscribe();
    await runs('r2', '1.2.0', 'c');
    await withdraw();
    await until(async () =>
      expect(await status()).toMatchObject({
        release: 'r2',
        waiting: { reason: 'ReleaseWithdrawn', message: expect.stringContaining('loses data') },
      }),
    );
    expect(await image()).toContain('1.2.0');
  });

  test('is not taken by those who come later', async () => {
    await withdraw();
    await hub.until(async () => {
      const { status: told } = await hub.client.get<ProductObject>(releases, { namespace: hub.namespace, name: 'r2' });
      expect(told).toMatchObject({ withdrawn: { reason: 'loses data' } });
    });
    await subscribe();
    await runs('r1', '1.1.0', 'b');
  });
});

test('barriers are stepped on in order', async () => {
  await createChannel();
  await createRelease(1, [webApp('1.1.0', 'b')]);
  await published('r1');
  await subscribe();
  await runs('r1', '1.1.0', 'b');
  await createRelease(2, [webApp('1.2.0', 'c')], { barrier: true });
  await createRelease(3, [webApp('1.3.0', 'd')]);
  await published('r3');
  await runs('r3', '1.3.0', 'd');
  const updates = await member.updatesOf('web');
  expect(updates.map(({ spec }) => spec.changes[0]?.to.tag).toSorted()).toEqual(['1.1.0', '1.2.0', '1.3.0']);
});

test('a rollout comes to each in its turn', async () => {
  await createChannel({ rollout: { duration: '10h' } });
  await createRelease(1, [webApp('1.1.0', 'b')]);
  await published('r1');
  await subscribe({ wariness: 0.5 });
  await until(async () => {
    const said = await status();
    expect(said).toMatchObject({ position: 0.5, available: 'r1', waiting: { reason: 'RolloutTurn' } });
    const turn = Date.parse(said?.waiting?.until ?? '') - Date.now();
    expect(Math.abs(turn - 5 * 3_600_000)).toBeLessThan(120_000);
  });
  await member.clock.advance(5 * 3_600_000);
  await runs('r1', '1.1.0', 'b');
});

test('a pause keeps the newest from those that do not have it, until it is lifted', async () => {
  await createChannel();
  await createRelease(1, [webApp('1.1.0', 'b')]);
  await published('r1');
  await subscribe();
  await runs('r1', '1.1.0', 'b');
  const pause = (paused: boolean) =>
    hub.client.patch(
      channels,
      { namespace: hub.namespace, name: 'stable' },
      { kind: 'merge', body: { spec: { rollout: { paused } } } },
    );
  await pause(true);
  await createRelease(2, [webApp('1.2.0', 'c')]);
  await published('r2');
  await until(async () =>
    expect(await status()).toMatchObject({ release: 'r1', available: 'r2', waiting: { reason: 'RolloutPaused' } }),
  );
  await pause(false);
  await runs('r2', '1.2.0', 'c');
});

test('the channel being away, or lying, changes nothing of what runs, and is said', async () => {
  await createChannel();
  await createRelease(1, [webApp('1.1.0', 'b')]);
  await published('r1');
  await subscribe();
  await runs('r1', '1.1.0', 'b');
  await server.close();
  await until(async () =>
    expect(await status()).toMatchObject({
      release: 'r1',
      waiting: { reason: 'ChannelUnavailable', until: expect.any(String) },
    }),
  );
  expect(await image()).toContain('1.1.0');
});

test('evidence that is demanded is read, and believed as far as it goes', async () => {
  await createChannel();
  const store = createFolderStore(join(top, 'stable'));
  const publisher = createChannelPublisher({ store, keys: root.keys, lifetimes, clock: hub.clock });
  const statement = statementOf({
    ...{
      release: 'r1',
      path: { kind: 'Install' },
      kubernetes: 'v1.36.0',
      startedAt: new Date(),
      finishedAt: new Date(),
    },
    subjects: [{ name: 'registry.invalid/web:1.1.0', digest: digest('b') }],
    tests: [{ name: 'together', result: 'Passed', durationMs: 5 }],
  });
  const path = evidencePath('r1');
  const mark = await publisher.addStatements(path, [statement], signal);
  await createRelease(1, [webApp('1.1.0', 'b')], { targets: [{ path, kind: 'Evidence', ...mark }] });
  await published('r1');

  await subscribe({ evidence: { kubernetes: '>=1.34', tests: ['together', 'load'] } });
  await until(async () =>
    expect(await status()).toMatchObject({
      waiting: { reason: 'EvidenceMissing', message: expect.stringContaining('not known to have passed: load') },
    }),
  );
  const key = { namespace: member.namespace, name: 'stable' };
  const body = { spec: { evidence: { kubernetes: '>=1.34', tests: ['together'] } } };
  await member.client.patch(subscriptions, key, { kind: 'merge', body });
  await runs('r1', '1.1.0', 'b');
});

describe('what a Subscription asks for and cannot have', () => {
  beforeEach(async () => {
    await createChannel();
    await createRelease(1, [webApp('1.1.0', 'b')], { requires: { headgate: '>=0.0.1' } });
    await published('r1');
  });

  test.each<{ title: string; changed: Json; reason: string; says: string }>([
    {
      title: 'a root that is not there',
      changed: { trustedRoot: { name: 'none' } },
      reason: 'ChannelUnavailable',
      says: 'there is no ConfigMap "none"',
    },
    {
      title: 'values for what is no Helm release',
      changed: { overlay: [{ app: 'web', values: { replicas: 2 } }] },
      reason: 'ReleaseUnfit',
      says: 'it is not installed by Helm',
    },
    {
      title: 'evidence that is not there',
      changed: { evidence: { kubernetes: '>=1.30' } },
      reason: 'EvidenceMissing',
      says: 'r1: no test is known to have passed',
    },
    { title: 'a pin to nothing', changed: { pin: 'r9' }, reason: 'ReleaseMissing', says: 'r9 is not in the channel' },
    { title: 'held', changed: { mode: 'Hold' }, reason: 'ReleaseHeld', says: 'spec.mode is Hold' },
    {
      title: 'a mirror of another place',
      changed: { url: 'http://169.254.169.254/' },
      reason: 'ChannelUnavailable',
      says: '169.254.169.254',
    },
  ])('$title', async ({ changed, reason, says }) => {
    await subscribe(changed);
    await until(async () =>
      expect(await status()).toMatchObject({ waiting: { reason, message: expect.stringContaining(says) } }),
    );
    expect(await image()).toContain('1.0.0');
  });

  test('an App that a person made', async () => {
    const { gates: _, ...spec } = definition;
    await member.client.create<ProductObject>(
      { group: 'headgate.dev', version: 'v1alpha1', plural: 'apps', kind: 'App', namespaced: true },
      { metadata: { namespace: member.namespace, name: 'web' }, spec: { ...spec, suspend: true } },
    );
    await subscribe();
    await until(async () =>
      expect(await status()).toMatchObject({
        waiting: { reason: 'TargetConflict', message: expect.stringContaining('belongs to no Subscription') },
      }),
    );
  });
});
