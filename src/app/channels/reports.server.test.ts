/** Outcomes that clusters report to a hub, over real HTTP, and the rollout that is paused by them. */
import { Agent, request } from 'undici';
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { newKey, signal } from '../../../test/channels/channel-ground.ts';
import { type HubAndMember, type Json, openHubAndMember, releasedWeb } from '../../../test/channels/hub-and-member.ts';
import { digest } from '../../../test/fixtures.ts';
import { createDeployment } from '../../../test/runtime-stage.ts';
import { signReport } from '../../adapters/channel/signed-report.ts';
import { createReportTallies } from '../../adapters/cluster/report-tallies.ts';
import type { Outcome } from '../../core/channel/outcome-report.ts';
import { secrets } from '../../kube/resource-types.ts';

// Machines may be busy.
vi.setConfig({ testTimeout: 120_000 });

let ground: HubAndMember;
let desk: string;

beforeEach(async () => {
  const listening = Promise.withResolvers<string>();
  ground = await openHubAndMember(inject('kubeconfig'), {
    reportListen: '127.0.0.1:0',
    onReportsListening: listening.resolve,
  });
  desk = `${await listening.promise}/reports/${ground.hub.namespace}/stable`;
  await createDeployment(ground.member, 'web', `registry.invalid/web:1.0.0@${digest('a')}`);
});

afterEach(() => ground.stop());

const post = async (body: string, headers: Readonly<Record<string, string>> = {}, url = desk) =>
  (await request(url, { method: 'POST', body, headers })).statusCode;

const report = (outcome: Outcome, key = newKey(), release = 'r1', channel = 'stable') =>
  signReport({ channel, release, outcome }, key);

const open = async (reports: Json) => {
  await ground.createChannel({ reports });
  await ground.createRelease(1, [releasedWeb('1.1.0', 'b')]);
  await ground.published('r1');
};

test('clusters that went back pause the rollout for those that come later; a newer Release spreads again', async () => {
  await open({ pauseAt: { failures: 2, percent: 50 } });
  const [one, two] = [newKey(), newKey()];
  expect(await post(report('Succeeded'))).toBe(202);
  expect(await post(report('WentBack', one))).toBe(202);
  expect(await post(report('WentBack', one)), 'again, which counts once').toBe(202);
  expect((await ground.channelStatus())?.waiting?.reason).not.toBe('RolloutPaused');
  expect(await post(report('WentBack', two))).toBe(202);
  await ground.until(async () =>
    expect((await ground.channelStatus())?.waiting).toMatchObject({
      reason: 'RolloutPaused',
      message: expect.stringContaining('2 of the 3 clusters that reported went back from r1'),
    }),
  );
  await ground.subscribe();
  await ground.until(async () => expect((await ground.status())?.waiting?.reason).toBe('RolloutPaused'));
  expect(await ground.image('web')).toContain('1.0.0');

  await ground.createRelease(2, [releasedWeb('1.2.0', 'c')]);
  await ground.until(async () => expect(await ground.image('web')).toContain('1.2.0'));

  const tallies = createReportTallies(ground.hub.client);
  await ground.until(async () => {
    const kept = await tallies.read({ namespace: ground.hub.namespace, name: 'stable' }, signal);
    expect([kept.get('r1')?.wentBack.size, kept.get('r1')?.succeeded.size]).toEqual([2, 1]);
  });
});

test('a Subscription that wishes so reports once that a Release succeeded; one that does not wish it tells nothing', async () => {
  await open({ pauseAt: { failures: 1 } });
  await ground.subscribe({ report: { url: desk } });
  await ground.until(async () =>
    expect(await ground.status()).toMatchObject({ reported: { release: 'r1', outcome: 'Succeeded' } }),
  );
  const tallies = createReportTallies(ground.hub.client);
  await ground.until(async () => {
    const kept = await tallies.read({ namespace: ground.hub.namespace, name: 'stable' }, signal);
    expect([kept.get('r1')?.wentBack.size, kept.get('r1')?.succeeded.size]).toEqual([0, 1]);
  });
});

describe('what is not taken', () => {
  beforeEach(() => open({}));

  test.each([
    { name: 'what is no JSON', body: () => 'hello', status: 400 },
    { name: 'nothing', body: () => '', status: 400 },
    { name: 'deep JSON', body: () => `${'['.repeat(2_000)}${']'.repeat(2_000)}`, status: 400 },
    { name: 'more than 4 KiB', body: () => 'x'.repeat(5_000), status: 413 },
    {
      name: 'a signature by another key',
      body: () => {
        const [mine, theirs] = [JSON.parse(report('WentBack')), JSON.parse(report('WentBack'))] as Json[];
        return JSON.stringify({ ...mine, publicKey: theirs?.['publicKey'] });
      },
      status: 400,
    },
    {
      name: 'another outcome than was signed',
      body: () => {
        const one = JSON.parse(report('WentBack')) as Json;
        const payload = JSON.stringify({ schema: 1, channel: 'stable', release: 'r1', outcome: 'Succeeded' });
        return JSON.stringify({ ...one, payload: Buffer.from(payload).toString('base64') });
      },
      status: 400,
    },
    { name: 'a Release that is not published', body: () => report('WentBack', newKey(), 'r9'), status: 404 },
    { name: 'another channel', body: () => report('WentBack', newKey(), 'r1', 'beta'), status: 404 },
  ])('$name', async ({ body, status }) => {
    expect(await post(body())).toBe(status);
  });

  test('a channel that is none, and other paths', async () => {
    expect(await post(report('WentBack'), {}, desk.replace(/stable$/, 'none'))).toBe(404);
    expect(await post(report('WentBack'), {}, desk.replace(/\/reports.*/, '/reports/../x'))).toBe(404);
    expect((await request(desk)).statusCode).toBe(404);
  });

  test('more than is verified in a second', async () => {
    const dispatcher = new Agent({ connections: 20 });
    const asked = Array.from({ length: 1_100 }, () => request(desk, { method: 'POST', body: '{}', dispatcher }));
    const answers = await Promise.all(asked.map(async (answer) => (await answer).statusCode));
    await dispatcher.destroy();
    expect(new Set(answers)).toEqual(new Set([400, 429]));
  });
});

test('where clusters have to know a token, those that do not are refused', async () => {
  const { client, namespace } = ground.hub;
  const data = { token: Buffer.from('only members').toString('base64') };
  await client.create(secrets, { metadata: { namespace, name: 'report-token' }, data } as never);
  await open({ secretRef: { name: 'report-token' }, pauseAt: { failures: 1 } });
  expect(await post(report('WentBack'))).toBe(401);
  expect(await post(report('WentBack'), { authorization: 'Bearer wrong' })).toBe(401);
  expect((await ground.channelStatus())?.waiting?.reason).not.toBe('RolloutPaused');
  expect(await post(report('WentBack'), { authorization: 'Bearer only members' })).toBe(202);
  await ground.until(async () => expect((await ground.channelStatus())?.waiting?.reason).toBe('RolloutPaused'));
});
