/** A hub on a real API server and registry: new versions of several Apps are tried together, who is to blame is found, and the rest is released. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { type HubGround, hubApps, openHubGround, tagsOf } from '../../../test/channels/hub-ground.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { type ProductObject, rejections } from '../../adapters/cluster/kinds.ts';

// One candidate takes many Updates, on machines that may be busy.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

let registry: RunningRegistry;
let hub: HubGround;

beforeAll(async () => {
  registry = await startRegistry();
});

afterAll(() => registry.stop());

beforeEach(async () => {
  hub = await openHubGround(inject('kubeconfig'), registry);
});

afterEach(() => hub.stop());

const ended = async () => (await hub.channel()).status?.candidates ?? [];
const runs = async (app: string) => (await hub.stage.app(app)).status?.sources?.[0]?.current?.tag;

/** Of a counter, by the label `outcome`. */
async function counted(name: string): Promise<Readonly<Record<string, number>>> {
  const { values = [] } = (await hub.stage.metrics.registry.getSingleMetric(name)?.get()) ?? {};
  return Object.fromEntries(values.map(({ labels, value }) => [labels['outcome'], value]));
}

const rejected = async () => {
  const { client, namespace } = hub.stage;
  const { items } = await client.list<ProductObject>(rejections, { namespace });
  return items.map(({ spec }) => spec);
};

describe('several new versions at once', () => {
  test('what runs is released first; then all that is new, in one Release that lists what changed', async () => {
    await hub.begin();
    await hub.push({ web: '2.0.0', api: '2.0.0' });
    await hub.published('stable-2');

    const [first, second] = await hub.releases();
    expect(tagsOf(first)).toEqual({ api: '1.0.0', database: '1.0.0', web: '1.0.0' });
    expect(tagsOf(second)).toEqual({ api: '2.0.0', database: '1.0.0', web: '2.0.0' });
    expect(second?.spec).toMatchObject({
      previous: 'stable-1',
      changes: [
        { app: 'api', kind: 'Version', from: '1.0.0', to: '2.0.0' },
        { app: 'web', kind: 'Version', from: '1.0.0', to: '2.0.0' },
      ],
    });
    const updates = await hub.stage.updatesOf('web');
    expect(updates.map(({ spec }) => spec.trigger)).toEqual([
      { kind: 'Channel', by: 'Channel stable', reason: expect.stringMatching(/^candidate \d+$/) },
    ]);
  });

  test('api 2 breaks the others: the test catches it, api is named and rejected, and the good rest is released', async () => {
    hub.isGood = ({ api }) => api !== '2.0.0';
    await hub.begin();
    await hub.push({ web: '2.0.0', api: '2.0.0', database: '2.0.0' });
    await hub.published('stable-2');

    expect(tagsOf((await hub.releases())[1])).toEqual({ api: '1.0.0', database: '2.0.0', web: '2.0.0' });
    const [candidate] = await ended();
    expect(candidate).toMatchObject({ outcome: 'Released', release: 'stable-2', faults: [{ apps: ['api'] }] });
    expect(candidate?.faults[0]?.reason).toMatch(/^test together: answered 500/);
    expect(await rejected()).toEqual([
      expect.objectContaining({ app: 'api', tag: '2.0.0', author: expect.stringContaining('Channel stable') }),
    ]);
    await hub.until(async () => expect((await hub.stage.app('api')).status?.waiting?.reason).toBe('VersionRejected'));
    expect(await runs('api')).toBe('1.0.0');
    expect(await counted('headgate_channel_members_total')).toEqual({ Released: 2, Rejected: 1, Kept: 0 });
    expect(await counted('headgate_channel_candidates_total')).toEqual({ Released: 2 });
    const metrics = await hub.stage.metrics.registry.metrics();
    expect(metrics).toMatch(
      /headgate_channel_trial_duration_seconds_count\{.*purpose="Search",result="Failed"\} [1-9]/,
    );
    expect(metrics).toMatch(/headgate_channel_published_timestamp_seconds\{.*\} \d{10}/);
    expect(metrics).toMatch(/headgate_channel_waiting\{.*channel="stable",reason="\w+"\} 1\n/);
    expect(metrics).not.toContain('headgate_channel_candidate_timestamp_seconds{');

    // The next version of the guilty one is tried for itself.
    await hub.push({ api: '2.0.1' });
    await hub.published('stable-3');
    expect(tagsOf((await hub.releases())[2])).toEqual({ api: '2.0.1', database: '2.0.0', web: '2.0.0' });
  });

  test('one that is bad alone goes back and is rejected; it is tried again once its Rejection is deleted', async () => {
    hub.isGood = ({ api }) => api !== '2.0.0';
    await hub.begin();
    await hub.push({ api: '2.0.0' });
    await hub.until(async () => expect((await ended())[0]?.outcome).toBe('Rejected'));
    await hub.until(async () => expect((await hub.stage.app('api')).status?.waiting?.reason).toBe('VersionRejected'));
    expect(await runs('api')).toBe('1.0.0');
    const updates = await hub.stage.updatesOf('api');
    expect(updates.map(({ spec }) => [spec.trigger.kind, spec.changes[0]?.to.tag]).toSorted()).toEqual([
      ['Channel', '2.0.0'],
      ['Rollback', '1.0.0'],
    ]);

    hub.isGood = () => true;
    const { client, namespace } = hub.stage;
    const { items } = await client.list<ProductObject>(rejections, { namespace });
    expect(items).toHaveLength(1);
    await client.delete(rejections, { namespace, name: items[0]?.metadata.name ?? '' });
    await hub.published('stable-2');
    expect(tagsOf((await hub.releases())[1])).toMatchObject({ api: '2.0.0' });
  });

  test('the outcome is the same where Headgate is ended in each trial', async () => {
    hub.isGood = ({ api }) => api !== '2.0.0';
    await hub.begin();
    await hub.push({ web: '2.0.0', api: '2.0.0', database: '2.0.0' });
    for (let restarts = 0; restarts < 5; restarts += 1) {
      await hub.until(async () => {
        const { status } = await hub.channel();
        expect((status?.candidate?.trials.length ?? 0) > restarts || status?.release === 'stable-2').toBe(true);
      });
      await hub.restart();
    }
    await hub.published('stable-2');

    expect(tagsOf((await hub.releases())[1])).toEqual({ api: '1.0.0', database: '2.0.0', web: '2.0.0' });
    expect(await hub.releases()).toHaveLength(2);
    expect((await rejected()).map((spec) => (spec as { app: string }).app)).toEqual(['api']);
  });

  test('two that do not go together are kept apart, and one of them is released after the rest', async () => {
    hub.isGood = ({ api, web }) => !(api === '2.0.0' && web === '2.0.0');
    await hub.begin();
    await hub.push({ web: '2.0.0', api: '2.0.0', database: '2.0.0' });
    await hub.published('stable-3');

    const [, second, third] = await hub.releases();
    expect(tagsOf(second)).toEqual({ api: '1.0.0', database: '2.0.0', web: '1.0.0' });
    expect(tagsOf(third)).toEqual({ api: '2.0.0', database: '2.0.0', web: '1.0.0' });
    const faults = (await ended()).flatMap((one) => one.faults.map(({ apps }) => apps.toSorted()));
    expect(faults).toEqual([['api', 'web']]);
    await hub.until(async () => expect((await hub.channel()).status?.waiting?.reason).toBe('CandidateRejected'));
    expect((await hub.channel()).status?.waiting?.message).toMatch(/^web stays: test together/);
  });

  test('nobody is to blame where what ran before fails too, and the Apps go back', async () => {
    await hub.begin();
    hub.isGood = () => false;
    await hub.push({ web: '2.0.0', api: '2.0.0' });
    await hub.until(async () => expect((await ended())[0]?.outcome).toBe('Unclear'));

    expect((await ended())[0]?.message).toMatch(/what ran before fails too/);
    expect([await runs('web'), await runs('api')]).toEqual(['1.0.0', '1.0.0']);
    const { status } = await hub.channel();
    expect(status).toMatchObject({ release: 'stable-1', waiting: { reason: 'CandidateRejected' } });
    expect(await rejected()).toEqual([]);
  });
});

test('the evidence says what was tested, on what, and how long, and is signed', async () => {
  await hub.begin();
  const [release] = await hub.releases();
  const evidence = release?.spec.targets?.find(({ kind }) => kind === 'Evidence');
  const path = join(hub.folder, 'stable', 'targets', 'releases', `${evidence?.sha256}.stable-1.evidence.json`);
  const [envelope] = JSON.parse(await readFile(path, 'utf8')) as [{ payload: string; signatures: unknown[] }];
  const statement: unknown = JSON.parse(Buffer.from(envelope.payload, 'base64').toString('utf8'));
  expect(envelope.signatures).toHaveLength(1);
  const subjects = hubApps.map((name) => ({
    name: expect.stringMatching(`/${name}:1\\.0\\.0$`),
    digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  }));
  expect(statement).toMatchObject({
    predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
    subject: subjects,
    predicate: { result: 'PASSED', passedTests: ['together'] },
  });
  expect(JSON.stringify(statement)).toMatch(/"name":"kubernetes","annotations":\{"version":"v1\./);
});
