/** FleetLock v1 over real HTTP, with its state in a real API server. */
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { createManualClock, type ManualClock } from '../../../test/kube/manual-clock.ts';
import { connectTo, createNamespace } from '../../../test/kube/server-fixtures.ts';
import { startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { apps, updates } from '../../adapters/cluster/kinds.ts';
import type { GateDefaults } from '../../engine/gates/look-at-gates.ts';
import type { KubeClient } from '../../kube/client.ts';
import { loadKubeConfig } from '../../kube/kubeconfig.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { configMaps } from '../../kube/resource-types.ts';
import { createLogger } from '../../telemetry/log.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import { parseOutboundAllowance } from '../outbound-setup.ts';
import { openFleetLock } from './fleet-lock-listener.ts';
import { noGateDefaults, parseGateSettings } from './gate-settings.ts';

interface SlotsObject extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

let client: KubeClient;
let namespace: string;
let clock: ManualClock;
let address: string;
let close: () => Promise<void>;

beforeEach(async () => {
  client = await connectTo(inject('kubeconfig'));
  namespace = await createNamespace(client);
  clock = createManualClock(new Date('2030-01-02T12:00:00Z'));
  await open();
});

afterEach(async () => {
  await close();
  await client.close();
});

async function open(gateDefaults: GateDefaults = noGateDefaults): Promise<void> {
  const settings = { listen: '127.0.0.1:0', slots: ['workers=2'], namespace };
  const opened = await openFleetLock(settings, {
    client,
    config: await loadKubeConfig({ path: inject('kubeconfig') }),
    log: createLogger('error', { write: () => true }),
    metrics: createMetrics({ processMetrics: false }),
    clock,
    namespaces: [namespace],
    gateDefaults,
    outbound: { allowance: parseOutboundAllowance(['127.0.0.0/8']), proxy: undefined },
  });
  address = opened.address ?? '';
  close = opened.close;
}

async function reopen(gateDefaults?: GateDefaults): Promise<void> {
  await close();
  await open(gateDefaults);
}

/** As Zincati sends it. */
async function post(path: string, body: unknown, headers: Readonly<Record<string, string>> = protocol) {
  const answer = await fetch(`${address}${path}`, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: answer.status, ...((await answer.json()) as { readonly kind: string; readonly value: string }) };
}

const protocol = { 'fleet-lock-protocol': 'true' };
const node = (id: string, group = 'default') => ({ client_params: { id, group } });
const lock = async (id: string, group?: string) => await post('/v1/pre-reboot', node(id, group));
const unlock = async (id: string, group?: string) => await post('/v1/steady-state', node(id, group));

describe('slots', () => {
  test('one node of a group at a time, again and again the same; the next when it is up', async () => {
    expect(await lock('a')).toMatchObject({ status: 200, kind: 'ok' });
    expect(await lock('a')).toMatchObject({ status: 200, kind: 'ok' });
    expect(await lock('b')).toEqual({
      status: 409,
      kind: 'failed_lock_slots_full',
      value: 'the slot of group default held: a since 2030-01-02T12:00:00.000Z',
    });

    expect(await unlock('b')).toMatchObject({ status: 200 });
    expect(await lock('b')).toMatchObject({ status: 409 });
    expect(await unlock('a')).toMatchObject({ status: 200 });
    expect(await unlock('a')).toMatchObject({ status: 200 });
    expect(await lock('b')).toMatchObject({ status: 200 });
  });

  test('of groups are apart, and as many as the operator says', async () => {
    await lock('a');
    const statuses = [];
    for (const id of ['1', '2', '3']) {
      statuses.push((await lock(id, 'workers')).status);
    }

    expect(statuses).toEqual([200, 200, 409]);
  });

  test('outlive the process', async () => {
    await lock('a');
    await reopen();

    expect(await lock('b')).toMatchObject({ status: 409 });
    expect(await lock('a')).toMatchObject({ status: 200 });
  });

  test('of twelve nodes that ask at the same moment two get one', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, async (_, id) => await lock(`n${id}`, 'workers')));

    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
    const { data } = await client.get<SlotsObject>(configMaps, { namespace, name: 'headgate-fleet-lock' });
    expect(JSON.parse(data['workers'] ?? '')).toHaveLength(2);
  });

  test('that a person has broken by hand are not taken for free', async () => {
    await client.create(configMaps, {
      metadata: { namespace, name: 'headgate-fleet-lock' },
      data: { default: 'nobody' },
    } as never);

    expect(await lock('a')).toMatchObject({
      status: 503,
      value: expect.stringContaining('data.default is no list of {id, since}; correct it, or delete the key'),
    });
  });
});

describe('gates', () => {
  const deny = `{kind: Deny, cron: "0 8 * * *", duration: 8h}`;
  const settings = { windows: [deny], maxUpdates: undefined, maxUpdatesPerNamespace: undefined };

  test('no node begins outside the windows; one that has begun goes on, and may always say that it is up', async () => {
    await lock('a');
    await reopen(parseGateSettings(settings));

    expect(await lock('b', 'workers')).toEqual({
      status: 423,
      kind: 'failed_lock_gate_shut',
      value: expect.stringMatching(/Deny window .* is open; it opens at 2030-01-02T16:00:00.000Z/),
    });
    expect(await lock('a')).toMatchObject({ status: 200 });
    expect(await unlock('a')).toMatchObject({ status: 200 });

    await clock.advance(5 * 3_600_000);
    expect(await lock('b', 'workers')).toMatchObject({ status: 200 });
  });

  test('no node begins while an Update is under way; one that only waits holds nobody back', async () => {
    await client.create(apps, {
      metadata: { namespace, name: 'web' },
      spec: {
        sources: [{ name: 'web', image: { repository: 'example.com/web', policy: { semver: { range: '1.x' } } } }],
        deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'web' }] } },
      },
    } as never);
    const spec = {
      app: 'web',
      sequence: 1,
      trigger: { kind: 'Source', by: 'test', reason: 'test' },
      changes: [{ source: 'web', repository: 'example.com/web', from: {}, to: { tag: '1.1.0' } }],
    };
    await client.create(updates, { metadata: { namespace, name: 'web-1' }, spec } as never);
    expect(await lock('a')).toMatchObject({ status: 200 });
    await unlock('a');

    const status = { phase: 'Watching', startedAt: '2030-01-02T12:00:00Z' };
    const key = { namespace, name: 'web-1' };
    await client.patch(updates, key, { kind: 'merge', body: { status } }, { subresource: 'status' });

    expect(await lock('a')).toMatchObject({ status: 423, value: `Updates are under way: ${namespace}/web-1` });
  });

  test('a veto of all Apps holds nodes back too', async () => {
    const busy: TestServer = await startHttpServer((_, response) => void response.writeHead(423).end('exams'));
    await reopen(
      parseGateSettings({ ...settings, windows: [], vetoes: [`{name: school, http: {url: "${busy.origin}"}}`] }),
    );

    expect(await lock('a')).toMatchObject({ status: 423, value: 'veto school: exams' });
    await busy.stop();
  });
});

describe('what is not of the protocol', () => {
  test.each([
    ['no header', node('a'), {}, 400, 'missing_header'],
    ['another value of the header', node('a'), { 'fleet-lock-protocol': 'yes' }, 400, 'missing_header'],
    ['no JSON', 'x', protocol, 400, 'bad_params'],
    ['no body', '', protocol, 400, 'bad_params'],
    ['no id', { client_params: { group: 'default' } }, protocol, 400, 'bad_params'],
    ['an empty id', node(''), protocol, 400, 'bad_params'],
    ['a group that is a path', node('a', '../x'), protocol, 400, 'bad_params'],
    ['a body beyond its bound', node('a'.repeat(20_000)), protocol, 413, 'bad_request'],
  ])('%s', async (_, body, headers, ...[status, kind]) => {
    expect(await post('/v1/pre-reboot', body, headers)).toMatchObject({ status, kind });
    expect(await client.find(configMaps, { namespace, name: 'headgate-fleet-lock' })).toBeUndefined();
  });

  test('another method, another path', async () => {
    const methods = await Promise.all(
      ['/v1/pre-reboot', '/v1/other'].map(
        async (path) => (await fetch(`${address}${path}`, { headers: protocol })).status,
      ),
    );

    expect(methods).toEqual([405, 404]);
  });
});
