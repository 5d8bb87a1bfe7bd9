/** What people are told of a Channel, on a real API server; a server of the test takes the place of the service that tells them. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';
import { type HubGround, openHubGround } from '../../../test/channels/hub-ground.ts';
import { bodyOf, startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { channels, type ProductObject } from '../../adapters/cluster/kinds.ts';
import type { NoticeEvent } from '../../core/notify/notice.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { configMaps, secrets } from '../../kube/resource-types.ts';

// One candidate takes many Updates, on machines that may be busy.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

interface Told {
  readonly about: string;
  readonly event: NoticeEvent;
  readonly level: string;
  readonly app: string;
  readonly update: string;
  readonly versions: string;
  readonly message: string;
}

let registry: RunningRegistry;
let service: TestServer;
let hub: HubGround;
let told: Told[];

beforeAll(async () => {
  registry = await startRegistry();
});

afterAll(() => registry.stop());

beforeEach(async () => {
  told = [];
  service = await startHttpServer(async (request, response) => {
    const { notices } = JSON.parse(await bodyOf(request)) as { readonly notices: readonly Told[] };
    told.push(...notices);
    response.writeHead(200).end();
  });
  hub = await openHubGround(inject('kubeconfig'), registry);
  await share('team', { address: service.origin });
});

afterEach(async () => {
  await hub.stop();
  await service.stop();
});

async function share(name: string, stringData: Readonly<Record<string, string>>): Promise<void> {
  const { client, namespace } = hub.stage;
  await client.create(secrets, { metadata: { namespace, name }, stringData } as never);
}

const team = (level: string) => ({ to: [{ name: 'team', kind: 'Webhook', level, secretRef: { name: 'team' } }] });
const lines = () => told.map(({ event, level, update, message }) => `${event} ${level} ${update}: ${message}`);
const untilTold = (...expected: readonly RegExp[]) =>
  hub.until(() => expect(lines()).toEqual(expected.map((one) => expect.stringMatching(one))));

test('a set that is tried, who is to blame, and the Release of the rest are told once, whatever ends Headgate', async () => {
  hub.isGood = ({ api }) => api !== '2.0.0';
  await hub.begin({ notify: team('Info'), soak: '5m' });
  await hub.until(() => expect(told.map(({ event }) => event)).toContain('Released'));
  told.splice(0);
  await hub.push({ web: '2.0.0', api: '2.0.0' });
  for (let restarts = 0; restarts < 3; restarts += 1) {
    await hub.until(async () => {
      const { status } = await hub.channel();
      expect((status?.candidate?.trials.length ?? 0) > restarts || status?.release === 'stable-2').toBe(true);
    });
    await hub.restart();
  }
  await hub.published('stable-2');
  const events =
    /^Started Info candidate 2|^Rejected Error candidate 2: api is rejected|^Soaking Info|^Released Success/;
  await hub.until(() => expect(lines().at(-1)).toMatch(/^Released Success stable-2: stable-2 is published$/));
  await hub.restart();
  await hub.until(async () => expect((await hub.channel()).status?.release).toBe('stable-2'));

  expect(lines().every((line) => events.test(line))).toBe(true);
  const count = (event: NoticeEvent) => told.filter((one) => one.event === event).length;
  expect(['Started', 'Rejected', 'Released'].map((event) => count(event as NoticeEvent))).toEqual([1, 1, 1]);
  expect(told.find(({ event }) => event === 'Rejected')).toMatchObject({
    ...{ about: 'Channel', app: 'stable', versions: 'api 2.0.0, web 2.0.0' },
    message: expect.stringMatching(/^api is rejected: test together: answered 500/),
  });
  expect(told.at(-1)).toMatchObject({ about: 'Channel', app: 'stable', versions: 'web 1.0.0 -> 2.0.0' });
});

test('a person who has to approve is told, and a Release that is withdrawn', async () => {
  await hub.begin({ notify: team('Success') });
  const { client, namespace } = hub.stage;
  const change = (spec: object) =>
    client.patch<ProductObject>(channels, { namespace, name: 'stable' }, { kind: 'merge', body: { spec } });
  await change({ gates: { approvals: { required: 1, from: ['somebody'] } } });
  await hub.push({ web: '2.0.0' });
  await untilTold(/^Released Success stable-1/, /^Waiting Warning candidate 2: ApprovalRequired: /);
  await change({ deadEnds: [{ release: 'stable-1', reason: 'eats data' }] });
  await hub.until(() =>
    expect(lines().at(-1)).toMatch(/^Withdrawn Warning stable-1: stable-1 is withdrawn: eats data$/),
  );
});

test('a channel that cannot be published is told after five minutes, that it expires before it does, and when all is well again', async () => {
  const publish = { folder: { path: 'stable' }, keysRef: { name: 'keys' }, timestampLifetime: '1h' };
  await hub.begin({ notify: team('Info'), publish });
  await hub.until(() =>
    expect(told.map(({ event }) => event).toSorted()).toEqual(['Published', 'Released', 'Started']),
  );
  told.splice(0);
  const { client, namespace, clock } = hub.stage;
  const keys = await client.get<KubeObject & { readonly data: object }>(secrets, { namespace, name: 'keys' });
  await client.delete(secrets, { namespace, name: 'keys' });
  // Signed anew once half of the hour is over.
  await clock.advance(31 * 60_000);
  await hub.until(async () => expect((await hub.channel()).status?.waiting?.reason).toBe('PublishFailed'));
  expect(lines()).toEqual([]);
  const metrics = await hub.stage.metrics.registry.metrics();
  expect(metrics).toMatch(/headgate_channel_waiting\{.*reason="PublishFailed"\} 1\n/);
  // By which it is told from one that is signed anew in time, however long signatures last.
  const [, due = ''] = /headgate_channel_signing_due_timestamp_seconds\{.*\} ([\d.e+]+)/.exec(metrics) ?? [];
  expect(Number(due) * 1_000).toBeLessThan(clock.now().getTime());
  await clock.advance(6 * 60_000);
  await untilTold(/^PublishFailed Error : .*keys/);
  await clock.advance(5 * 60_000);
  await untilTold(/^PublishFailed/, /^Expiring Error : what is published was not signed anew in time/);
  await hub.restart();
  await hub.stage.clock.advance(18 * 60_000);
  await untilTold(/^PublishFailed/, /^Expiring/, /^Expired Error/);

  await hub.stage.client.create(secrets, { metadata: { namespace, name: 'keys' }, data: keys.data } as never);
  await untilTold(/^PublishFailed/, /^Expiring/, /^Expired Error/, /^Published Info/);
  const outbox = await hub.stage.client.get<KubeObject & { readonly data: Readonly<Record<string, string>> }>(
    configMaps,
    {
      namespace,
      name: 'headgate-outbox',
    },
  );
  expect(outbox.data['outbox.json']).not.toContain(service.origin);
});
