/** A hub on a real API server and registry: new versions of several Apps are tried together, who is to blame is found, and the rest is released. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { createChannelKeys } from '../../test/channels/channel-keys.ts';
import {
  completeRollouts,
  createDeployment,
  openRuntimeStage,
  pushVersions,
  type RuntimeStage,
} from '../../test/runtime-stage.ts';
import { startHttpServer, type TestServer } from '../../test/servers/http-server.ts';
import { type RunningRegistry, startRegistry } from '../../test/servers/registry.ts';
import { apps, channels, type ProductObject, rejections, releases } from '../adapters/cluster/kinds.ts';
import { type ChannelObjectWire, decodeChannel } from '../resources/decode-channel.ts';
import { decodeReleaseObject } from '../resources/decode-release.ts';
import { parseOutboundAllowance } from './outbound-setup.ts';

type Json = Readonly<Record<string, unknown>>;
type Versions = Readonly<Record<string, string>>;

let registry: RunningRegistry;
let stage: RuntimeStage;
let top: string;
let server: TestServer;
let stop: AbortController;
let count = 0;
/** Whether what runs together is good. */
let isGood: (versions: Versions) => boolean;
let tried: Versions[];

const outbound = { allowance: parseOutboundAllowance(['127.0.0.0/8']), proxy: undefined };
const names = ['api', 'database', 'web'] as const;

beforeAll(async () => {
  registry = await startRegistry();
});

afterAll(() => registry.stop());

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'hub-'));
  stop = new AbortController();
  count += 1;
  tried = [];
  isGood = () => true;
  server = await startHttpServer((_, response, { searchParams }) => {
    const versions = Object.fromEntries(searchParams);
    tried.push(versions);
    response.writeHead(isGood(versions) ? 200 : 500).end(JSON.stringify(versions));
  });
  stage = await openRuntimeStage(inject('kubeconfig'), { channelFolder: top, outbound });
  completeRollouts(stage, stop.signal);
  await createChannelKeys(stage, join(top, 'stable'));
});

afterEach(async () => {
  stop.abort();
  await stage.stop();
  await server.stop();
  await rm(top, { recursive: true, force: true });
});

const pathOf = (name: string) => `hub-${count}/${name}`;

async function createApp(name: string, more: Json = {}): Promise<void> {
  await pushVersions(registry.host, pathOf(name), ['1.0.0']);
  await createDeployment(stage, name, `${registry.host}/${pathOf(name)}:1.0.0`);
  const image = { repository: `${registry.host}/${pathOf(name)}`, insecure: true, policy: { semver: { range: '*' } } };
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name, labels: { channel: 'stable' } },
    spec: {
      interval: '1m',
      sources: [{ name: 'image', image }],
      deploy: { workloads: { targets: [{ name }] } },
      health: { timeout: '1m', stableFor: '0s' },
      gates: { preflight: { checks: [] } },
      ...more,
    },
  });
}

const query = names.map((name) => `${name}={{version.${name}}}`).join('&');

const together = () => ({
  name: 'together',
  interval: '1s',
  failureLimit: 0,
  http: { url: `${server.origin}/?${query}` },
});

const createChannel = (more: Json = {}) =>
  stage.client.create<ProductObject>(channels, {
    metadata: { namespace: stage.namespace, name: 'stable' },
    spec: {
      apps: { matchLabels: { channel: 'stable' } },
      tests: [together()],
      gather: '10s',
      publish: { folder: { path: 'stable' }, keysRef: { name: 'keys' } },
      ...more,
    },
  });

async function channel(): Promise<ChannelObjectWire> {
  const object = await stage.client.get<ProductObject>(channels, { namespace: stage.namespace, name: 'stable' });
  return decodeChannel(object, 'Channel stable');
}

// One candidate takes many Updates, on machines that may be busy.
vi.setConfig({ testTimeout: 180_000 });

/** Moves the clock until it holds. */
const until = (check: () => unknown) =>
  vi.waitFor(
    async () => {
      await stage.clock.advance(1_000);
      await check();
    },
    { timeout: 120_000, interval: 50 },
  );

async function allReleases() {
  const { items } = await stage.client.list<ProductObject>(releases, { namespace: stage.namespace });
  return items
    .map((item) => decodeReleaseObject(item, item.metadata.name))
    .toSorted((left, right) => left.spec.sequence - right.spec.sequence);
}

const published = (release: string) => until(async () => expect((await channel()).status).toMatchObject({ release }));

const versionsOf = (release: Awaited<ReturnType<typeof allReleases>>[number] | undefined) =>
  Object.fromEntries((release?.spec.apps ?? []).map(({ name, versions }) => [name, versions[0]?.tag]));

/** All are there before any App is told of one. */
async function push(versions: Versions): Promise<void> {
  await Promise.all(Object.entries(versions).map(([name, tag]) => pushVersions(registry.host, pathOf(name), [tag])));
  for (const name of Object.keys(versions)) {
    stage.runtime.webhooks.wakeApp(stage.namespace, name);
  }
}

const candidates = async () =>
  ((await channel()).status?.candidates ?? []).map(({ outcome, faults }) => ({
    outcome,
    faults: faults.map((fault) => fault.apps),
  }));

const lastCandidate = async () => (await channel()).status?.candidates?.[0];

async function begin(more: Json = {}): Promise<void> {
  for (const name of names) {
    await createApp(name);
  }
  await createChannel(more);
  await published('stable-1');
}

describe('several new versions at once', () => {
  test('what runs is released first; then all that is new, in one Release that lists what changed', async () => {
    await begin();
    await push({ web: '2.0.0', api: '2.0.0' });
    await published('stable-2');

    const [first, second] = await allReleases();
    expect(versionsOf(first)).toEqual({ api: '1.0.0', database: '1.0.0', web: '1.0.0' });
    expect(versionsOf(second)).toEqual({ api: '2.0.0', database: '1.0.0', web: '2.0.0' });
    expect(second?.spec).toMatchObject({
      previous: 'stable-1',
      changes: [
        { app: 'api', kind: 'Version', from: '1.0.0', to: '2.0.0' },
        { app: 'web', kind: 'Version', from: '1.0.0', to: '2.0.0' },
      ],
    });
    const updates = await stage.updatesOf('web');
    expect(updates.map(({ spec }) => spec.trigger)).toEqual([
      { kind: 'Channel', by: 'Channel stable', reason: expect.stringMatching(/^candidate \d+$/) },
    ]);
  });

  test('api 2 breaks the others: the test catches it, api is named and rejected, and the good rest is released', async () => {
    isGood = ({ api }) => api !== '2.0.0';
    await begin();
    await push({ web: '2.0.0', api: '2.0.0', database: '2.0.0' });
    await published('stable-2');

    expect(versionsOf((await allReleases())[1])).toEqual({ api: '1.0.0', database: '2.0.0', web: '2.0.0' });
    const candidate = await lastCandidate();
    expect(candidate).toMatchObject({ outcome: 'Released', release: 'stable-2', faults: [{ apps: ['api'] }] });
    expect(candidate?.faults[0]?.reason).toMatch(/^test together: answered 500/);
    const { items } = await stage.client.list<ProductObject>(rejections, { namespace: stage.namespace });
    expect(items.map(({ spec }) => spec)).toEqual([
      expect.objectContaining({ app: 'api', tag: '2.0.0', author: expect.stringContaining('Channel stable') }),
    ]);
    await until(async () => expect((await stage.app('api')).status?.waiting?.reason).toBe('VersionRejected'));
    expect((await stage.app('api')).status?.sources?.[0]?.current?.tag).toBe('1.0.0');

    // The next version of the guilty one is tried for itself.
    await push({ api: '2.0.1' });
    await published('stable-3');
    expect(versionsOf((await allReleases())[2])).toEqual({ api: '2.0.1', database: '2.0.0', web: '2.0.0' });
  });

  test('two that do not go together are kept apart, and one of them is released after the rest', async () => {
    isGood = ({ api, web }) => !(api === '2.0.0' && web === '2.0.0');
    await begin();
    await push({ web: '2.0.0', api: '2.0.0', database: '2.0.0' });
    await published('stable-3');

    const [, second, third] = await allReleases();
    expect(versionsOf(second)).toEqual({ api: '1.0.0', database: '2.0.0', web: '1.0.0' });
    expect(versionsOf(third)).toEqual({ api: '2.0.0', database: '2.0.0', web: '1.0.0' });
    const faults = (await candidates()).flatMap((one) => one.faults);
    expect(faults.map((apps) => apps.toSorted())).toEqual([['api', 'web']]);
    await until(async () => expect((await channel()).status?.waiting?.reason).toBe('CandidateRejected'));
    expect((await channel()).status?.waiting?.message).toMatch(/^web stays: test together/);
  });

  test('nobody is to blame where what ran before fails too, and the Apps go back', async () => {
    await begin();
    isGood = () => false;
    await push({ web: '2.0.0', api: '2.0.0' });
    await until(async () => expect((await lastCandidate())?.outcome).toBe('Unclear'));

    expect((await lastCandidate())?.message).toMatch(/what ran before fails too/);
    for (const name of ['web', 'api']) {
      expect((await stage.app(name)).status?.sources?.[0]?.current?.tag).toBe('1.0.0');
    }
    expect((await channel()).status).toMatchObject({ release: 'stable-1', waiting: { reason: 'CandidateRejected' } });
    const { items } = await stage.client.list<ProductObject>(rejections, { namespace: stage.namespace });
    expect(items).toEqual([]);
  });
});

test('the evidence says what was tested, on what, and how long, and is signed', async () => {
  await begin();
  const [release] = await allReleases();
  const evidence = release?.spec.targets?.find(({ kind }) => kind === 'Evidence');
  const path = join(top, 'stable', 'targets', 'releases', `${evidence?.sha256}.stable-1.evidence.json`);
  const [envelope] = JSON.parse(await readFile(path, 'utf8')) as [{ payload: string; signatures: unknown[] }];
  const statement: unknown = JSON.parse(Buffer.from(envelope.payload, 'base64').toString('utf8'));
  expect(envelope.signatures).toHaveLength(1);
  expect(statement).toMatchObject({
    predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
    subject: names.map((name) => ({ name: `${registry.host}/${pathOf(name)}:1.0.0` })),
    predicate: { result: 'PASSED', passedTests: ['together'] },
  });
});
