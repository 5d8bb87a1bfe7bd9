/** What a Channel respects before it releases: constraints, times, people, a soak; and what is wrong with one. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { type HubGround, openHubGround, tagsOf } from '../../../test/channels/hub-ground.ts';
import { bodyOf, startHttpServer } from '../../../test/servers/http-server.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { createAccessReviews } from '../../adapters/cluster/access-reviews.ts';
import { createDirectChannels } from '../../adapters/cluster/channels.ts';
import { approveCandidate } from '../../engine/candidate/approve-candidate.ts';
import { secrets } from '../../kube/resource-types.ts';

vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const signal = new AbortController().signal;

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

const untilWaiting = (reason: string, name?: string) =>
  hub.until(async () => expect((await hub.channel(name)).status?.waiting?.reason).toBe(reason));

const waiting = async (name?: string) => (await hub.channel(name)).status?.waiting;

test('a version that needs another waits for it, and is released with it', async () => {
  await hub.begin({ requires: [{ app: 'web', version: '>=2.0.0', needs: { app: 'api', version: '>=2.0.0' } }] });
  await hub.push({ web: '2.0.0', database: '1.1.0' });
  await hub.published('stable-2');
  expect(tagsOf((await hub.releases())[1])).toEqual({ api: '1.0.0', database: '1.1.0', web: '1.0.0' });
  await untilWaiting('CandidateRejected');
  expect((await waiting())?.message).toBe('web stays: web 2.0.0 needs api >=2.0.0, and that would be 1.0.0');

  await hub.push({ api: '2.0.0' });
  await hub.published('stable-3');
  expect(tagsOf((await hub.releases())[2])).toEqual({ api: '2.0.0', database: '1.1.0', web: '2.0.0' });
});

describe('before a set is released', () => {
  test('it has run for the soak, and a person has approved it', async () => {
    for (const name of ['api', 'web']) {
      await hub.createApp(name);
    }
    await hub.createChannel({ soak: '10m', gates: { approvals: { required: 1 } } });
    await untilWaiting('Soaking');
    const soakUntil = (await waiting())?.until;
    expect(soakUntil).toMatch(/^20/);
    await untilWaiting('ApprovalRequired');
    expect(hub.stage.clock.now().getTime()).toBeGreaterThanOrEqual(Date.parse(soakUntil ?? '') - 1_000);
    expect(await hub.releases()).toEqual([]);

    const { client, namespace } = hub.stage;
    const people = { channels: createDirectChannels(client), reviews: createAccessReviews(client) };
    const asked = { namespace, name: 'stable' };
    const approved = await approveCandidate({ ...people, clock: hub.stage.clock }, asked, signal);
    expect(approved.approvals).toHaveLength(1);
    await hub.published('stable-1');
    expect((await hub.releases())[0]?.spec.soakedFor).toBe(600);
  });

  test('the time for sets has come', async () => {
    const hour = (hub.stage.clock.now().getUTCHours() + 2) % 24;
    for (const name of ['api', 'web']) {
      await hub.createApp(name);
    }
    await hub.createChannel({ schedule: { cron: `0 ${hour} * * *` } });
    await untilWaiting('CandidateScheduled');
    const until = Date.parse((await waiting())?.until ?? '');
    expect(new Date(until).getUTCHours()).toBe(hour);
    await hub.stage.clock.advance(until - hub.stage.clock.now().getTime());
    await hub.published('stable-1');
  });
});

test('a CI that remembers its answers is asked about each set anew', async () => {
  const answers = new Map<unknown, string>();
  const ci = await startHttpServer(async (request, response, { searchParams }) => {
    if (request.method !== 'POST') {
      response.end(JSON.stringify({ verdict: answers.get(searchParams.get('id')) }));
      return;
    }
    const { changes } = JSON.parse(await bodyOf(request)) as { changes: { source: string; to: { tag: string } }[] };
    const isBad = changes.some(({ source, to }) => source === 'api' && to.tag === '2.0.0');
    const id = request.headers['idempotency-key'];
    answers.set(id, answers.get(id) ?? (isBad ? 'fail' : 'pass'));
    response.writeHead(202).end();
  });
  const { client, namespace } = hub.stage;
  await client.create(secrets, { metadata: { namespace, name: 'ci' }, stringData: { token: 'shared' } } as never);
  const poll = { url: `${ci.origin}/runs?id={{id}}`, every: '10s' };
  const webhook = { url: `${ci.origin}/hook`, secretRef: { name: 'ci' }, poll };
  await hub.begin({ tests: [{ name: 'ci', failureLimit: 0, webhook }] });
  await hub.push({ api: '2.0.0' });
  await hub.until(async () => expect((await hub.channel()).status?.candidates?.[0]?.outcome).toBe('Rejected'));
  await hub.push({ api: '2.0.1' });
  await hub.published('stable-2');
  expect(tagsOf((await hub.releases())[1])).toMatchObject({ api: '2.0.1' });
  await ci.stop();
});

describe('what is wrong with a Channel', () => {
  test('it has no Apps', async () => {
    await hub.createChannel();
    await untilWaiting('TargetNotFound');
    expect((await waiting())?.message).toBe('spec.apps matches no App of this namespace');
  });

  test('another owns one of its Apps: the older one keeps it, the other does nothing', async () => {
    await hub.begin();
    await hub.createChannel({ apps: { names: ['web'] } }, 'other');
    await untilWaiting('TargetConflict', 'other');
    expect((await waiting('other'))?.message).toMatch(/^spec\.apps: App "web" belongs to Channel "stable" already/);
    await hub.push({ web: '2.0.0' });
    await hub.published('stable-2');
    expect((await hub.releases()).map(({ spec }) => spec.channel)).toEqual(['stable', 'stable']);
  });

  test('its test never ends: it is ended, and nothing is released', async () => {
    hub.isGood = () => 'silent';
    await hub.createApp('web');
    const { http } = hub.together as { readonly http: object };
    await hub.createChannel({
      tests: [{ ...hub.together, timeout: '20s', http: { ...http, attemptTimeout: '1h' } }],
    });
    await untilWaiting('CandidateRejected');
    expect((await hub.channel()).status?.candidates?.[0]?.outcome).toBe('Unclear');
    expect((await waiting())?.message).toMatch(/test together: no verdict within 20s/);
    expect(await hub.releases()).toEqual([]);
  });

  test.each([
    { what: 'a test of one App', tests: [{ name: 'chart', helm: {} }], says: 'spec.tests[0].helm' },
    {
      what: 'a webhook without poll',
      tests: [{ name: 'ci', webhook: { url: 'https://ci.example.com/', secretRef: { name: 'ci' } } }],
      says: 'spec.tests[0].webhook',
    },
  ])('$what: $says is named', async ({ tests, says }) => {
    await hub.createChannel({ tests });
    await untilWaiting('InvalidSpec');
    expect((await waiting())?.message).toContain(says);
  });
});
