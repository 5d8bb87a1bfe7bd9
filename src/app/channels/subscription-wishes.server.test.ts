/** What the people of a cluster that subscribes may wish, each on a real API server: which Apps, when, how sure, and what holds while the hub is away. */
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { type HubAndMember, type Json, openHubAndMember, releasedWeb } from '../../../test/channels/hub-and-member.ts';
import { digest } from '../../../test/fixtures.ts';
import { createDeployment } from '../../../test/runtime-stage.ts';
import { startHttpServer } from '../../../test/servers/http-server.ts';
import { apps, channels, type ProductObject, rejections, subscriptions } from '../../adapters/cluster/kinds.ts';
import { runProgram } from '../../cli/program.ts';

vi.setConfig({ testTimeout: 120_000 });

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

let ground: HubAndMember;

beforeEach(async () => {
  ground = await openHubAndMember(inject('kubeconfig'));
  for (const [name, letter] of [
    ['web', 'a'],
    ['api', 'e'],
  ] as const) {
    await createDeployment(ground.member, name, `registry.invalid/web:1.0.0@${digest(letter)}`);
  }
  await ground.createChannel({ apps: { names: ['web', 'api'] } });
});

afterEach(() => ground.stop());

const releasedApi = (tag: string, letter: string): Json => ({
  ...releasedWeb(tag, letter, { deploy: { workloads: { targets: [{ name: 'api' }] } } }),
  name: 'api',
});

async function release(sequence: number, ...released: readonly Json[]): Promise<void> {
  await ground.createRelease(sequence, released);
  await ground.published(`r${sequence}`);
}

const wish = (spec: Json) => {
  const key = { namespace: ground.member.namespace, name: 'stable' };
  return ground.member.client.patch(subscriptions, key, { kind: 'merge', body: { spec } });
};

const says = (expected: Json) => ground.until(async () => expect(await ground.status()).toMatchObject(expected));
const runs = (name: string) => says({ release: name, waiting: { reason: 'UpToDate' } });

const appThere = (name: string) =>
  ground.member.client.find<ProductObject>(apps, { namespace: ground.member.namespace, name });

describe('an App that a Release brings', () => {
  test('is installed', async () => {
    await release(1, releasedWeb('1.1.0', 'b'));
    await ground.subscribe();
    await runs('r1');
    await release(2, releasedWeb('1.1.0', 'b'), releasedApi('1.1.0', 'f'));
    await runs('r2');
    expect(await ground.image('api')).toContain('1.1.0');
  });

  test.each<{ title: string; wished: Json }>([
    { title: 'newApps is Ignore', wished: { newApps: 'Ignore' } },
    { title: 'it is not among apps', wished: { apps: ['web'] } },
  ])('is left out where $title', async ({ wished }) => {
    await release(1, releasedWeb('1.1.0', 'b'));
    await ground.subscribe(wished);
    await runs('r1');
    await release(2, releasedWeb('1.2.0', 'c'), releasedApi('1.1.0', 'f'));
    await runs('r2');
    expect((await ground.status())?.apps).toContainEqual(expect.objectContaining({ name: 'api', state: 'Ignored' }));
    expect(await appThere('api')).toBeUndefined();
    expect(await ground.image('api')).toContain('1.0.0');
  });
});

test('an App that a Release drops stays, and goes once that is wished', async () => {
  await release(1, releasedWeb('1.1.0', 'b'), releasedApi('1.1.0', 'f'));
  await ground.subscribe();
  await runs('r1');
  await release(2, releasedWeb('1.2.0', 'c'));
  await runs('r2');
  expect((await ground.status())?.apps).toContainEqual(expect.objectContaining({ name: 'api', state: 'Dropped' }));
  expect(await appThere('api')).toBeDefined();

  await wish({ droppedApps: 'Delete' });
  await ground.until(async () => expect(await appThere('api')).toBeUndefined());
  expect(await ground.image('api'), 'what it looked after runs on').toContain('1.1.0');
});

test('an older Release is pinned, the newest is held off, and both end when they are not wished any more', async () => {
  await release(1, releasedWeb('1.1.0', 'b'));
  await release(2, releasedWeb('1.2.0', 'c'));
  await ground.subscribe({ pin: 'r1' });
  await runs('r1');
  expect(await ground.image('web')).toContain('1.1.0');

  await wish({ pin: null, mode: 'Hold' });
  await says({ release: 'r1', available: 'r2', waiting: { reason: 'ReleaseHeld' } });
  expect(await ground.image('web')).toContain('1.1.0');

  await wish({ mode: 'Follow' });
  await runs('r2');
  expect(await ground.image('web')).toContain('1.2.0');
});

test('a Release is not taken before it has the age that is demanded', async () => {
  await release(1, releasedWeb('1.1.0', 'b'));
  await ground.subscribe({ evidence: { minimumAge: '2h' } });
  await says({ available: 'r1', waiting: { reason: 'MinimumAge', until: expect.any(String) } });
  expect(await ground.image('web')).toContain('1.0.0');
  await ground.member.clock.advance(2 * hourMs);
  await runs('r1');
});

test('clusters of the group that goes first take a Release at once, and others after their time', async () => {
  const key = { namespace: ground.hub.namespace, name: 'stable' };
  const rollout = { canary: { group: 'early', duration: '6h' } };
  await ground.hub.client.patch(channels, key, { kind: 'merge', body: { spec: { rollout } } });
  await release(1, releasedWeb('1.1.0', 'b'));
  await ground.subscribe({ wariness: 0 });
  await says({ available: 'r1', waiting: { reason: 'RolloutTurn', until: expect.any(String) } });
  expect(await ground.image('web')).toContain('1.0.0');
  await wish({ group: 'early' });
  await runs('r1');

  await release(2, releasedWeb('1.2.0', 'c'));
  await wish({ group: 'other' });
  await says({ release: 'r1', available: 'r2', waiting: { reason: 'RolloutTurn' } });
  await ground.member.clock.advance(6 * hourMs);
  await runs('r2');
});

test('a barrier that is bad here is not passed, and is named', async () => {
  const judge = await startHttpServer((_, response) => void response.writeHead(500).end());
  try {
    const http = { url: judge.origin, method: 'GET' };
    const tests = [{ name: 'works', interval: '1s', failureLimit: 0, http }];
    await release(1, releasedWeb('1.1.0', 'b'));
    await ground.subscribe();
    await runs('r1');
    await ground.createRelease(2, [releasedWeb('1.2.0', 'c', { tests })], { barrier: true });
    await release(3, releasedWeb('1.3.0', 'd'));
    await says({ release: 'r2', apps: [{ name: 'web', state: 'Rejected' }] });
    await says({
      ...{ release: 'r2', available: 'r3' },
      waiting: {
        reason: 'ReleaseInProgress',
        message: 'r2 has to run before anything newer is taken, and these Apps do not run it yet: web',
      },
    });
    expect(await ground.image('web')).toContain('1.1.0');
  } finally {
    await judge.stop();
  }
});

test('an Update of a Release waits for people of the cluster', async () => {
  await release(1, releasedWeb('1.1.0', 'b'));
  await ground.subscribe({ gates: { approvals: { required: 1 }, preflight: { checks: [] } } });
  await ground.until(async () =>
    expect((await ground.member.app('web')).status?.waiting?.reason).toBe('ApprovalRequired'),
  );
  await says({ release: 'r1', waiting: { reason: 'ReleaseInProgress', message: expect.stringContaining('web') } });
  expect(await ground.image('web')).toContain('1.0.0');

  const place = ['--kubeconfig', inject('kubeconfig'), '--namespace', ground.member.namespace];
  const quiet = { out: () => undefined, error: () => undefined, signal: AbortSignal.timeout(60_000) };
  expect(await runProgram(['approve', 'web-1', ...place], quiet)).toBe(0);
  await runs('r1');
});

test('the tests that a Release brings are made here, and what fails them goes back here and is rejected', async () => {
  const judge = await startHttpServer((_, response) => void response.writeHead(500).end());
  try {
    const http = { url: judge.origin, method: 'GET' };
    const tests = [{ name: 'works', interval: '1s', failureLimit: 0, http }];
    await release(1, releasedWeb('1.1.0', 'b', { tests }));
    await ground.subscribe();
    await says({ release: 'r1', apps: expect.arrayContaining([expect.objectContaining({ state: 'Rejected' })]) });
    const [update] = await ground.member.updatesOf('web');
    expect(update?.status).toMatchObject({ phase: 'RolledBack', failure: { reason: 'TestFailed' } });
    const { items } = await ground.member.client.list<ProductObject>(rejections, {
      namespace: ground.member.namespace,
    });
    expect(items.map(({ spec }) => spec)).toEqual([expect.objectContaining({ app: 'web', tag: '1.1.0' })]);
    expect(await ground.image('web')).toContain('1.0.0');
  } finally {
    await judge.stop();
  }
});

describe('nothing is taken and nothing that runs is touched while', () => {
  const copy = () => cp(join(ground.folder, 'stable'), join(ground.folder, 'copy'), { recursive: true });

  /** Of r1, read from a copy that this test takes away or leaves to grow old. */
  async function begin(): Promise<void> {
    await release(1, releasedWeb('1.1.0', 'b'));
    await copy();
    await ground.subscribe({ url: `file://${join(ground.folder, 'copy')}/` });
    await runs('r1');
  }

  /** As the hub signs it by now. */
  async function comesBack(): Promise<void> {
    await release(2, releasedWeb('1.2.0', 'c'));
    await copy();
    await runs('r2');
  }

  test('the channel is away for weeks; what it has then is taken', async () => {
    await begin();
    await rm(join(ground.folder, 'copy'), { recursive: true });
    await says({ release: 'r1', waiting: { reason: 'ChannelUnavailable' } });
    await ground.member.clock.advance(21 * dayMs);
    await ground.hub.clock.advance(21 * dayMs);
    await says({ release: 'r1', waiting: { reason: 'ChannelUnavailable' } });
    expect(await ground.image('web')).toContain('1.1.0');
    expect((await ground.member.updatesOf('web')).length).toBe(1);
    await comesBack();
  });

  test('its signatures have expired; what is signed anew is taken', async () => {
    await begin();
    await ground.member.clock.advance(10 * dayMs);
    await says({
      release: 'r1',
      waiting: { reason: 'ChannelUnavailable', message: expect.stringContaining('expired') },
    });
    expect(await ground.image('web')).toContain('1.1.0');
    await ground.hub.clock.advance(10 * dayMs);
    await comesBack();
  });

  test('the clock of the machine is far off, which is said by how much', async () => {
    await release(1, releasedWeb('1.1.0', 'b'));
    await ground.subscribe();
    await runs('r1');
    await ground.member.clock.advance(400 * dayMs);
    await says({
      release: 'r1',
      waiting: {
        reason: 'ChannelUnavailable',
        message: expect.stringMatching(/the clock of this machine is .* ahead of that of the server/),
      },
    });
    expect(await ground.image('web')).toContain('1.1.0');
  });
});
