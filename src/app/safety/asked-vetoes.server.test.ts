/** Vetoes that are asked for, and Apps that go before, on a real API server and registry, with a clock that the test moves. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import {
  completeRollouts,
  createDeployment,
  openRuntimeStage,
  pushVersions,
  type RuntimeStage,
} from '../../../test/runtime-stage.ts';
import { startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { deployments, secrets } from '../../kube/resource-types.ts';
import type { AppSpecWire } from '../../resources/app/app.ts';
import { parseOutboundAllowance } from '../outbound-setup.ts';

const minuteMs = 60_000;

let registry: RunningRegistry;
let stage: RuntimeStage;
let stop: AbortController;
let repository = 0;
let server: TestServer;
let answer: { readonly status: number; readonly body?: string; readonly location?: string };

beforeAll(async () => {
  registry = await startRegistry();
});

afterAll(() => registry.stop());

beforeEach(async () => {
  stop = new AbortController();
  repository += 1;
  answer = { status: 204 };
  server = await startHttpServer((_, response) => {
    const { status, body, location } = answer;
    response.writeHead(status, location === undefined ? {} : { location }).end(body);
  });
  const allowance = parseOutboundAllowance(['127.0.0.0/8']);
  stage = await openRuntimeStage(inject('kubeconfig'), { outbound: { allowance, proxy: undefined } });
});

afterEach(async () => {
  stop.abort();
  await stage.stop();
  await server.stop();
});

const pathOf = (name: string) => `vetoes-${repository}/${name}`;

async function follow(name: string, gates: AppSpecWire['gates'], path = pathOf(name)): Promise<void> {
  await createDeployment(stage, name, `${registry.host}/${path}:1.0.0`);
  const image = { repository: `${registry.host}/${path}`, insecure: true, policy: { semver: { range: '1.x' } } };
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name },
    spec: {
      interval: '5m',
      sources: [{ name: 'web', image }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name }] } },
      health: { timeout: '30m', stableFor: '0s' },
      gates,
    },
  });
}

async function tagOf(name: string): Promise<string | undefined> {
  const object = await stage.client.get<KubeObject>(deployments, { namespace: stage.namespace, name });
  return /:(\d+\.\d+\.\d+)(@|")/.exec(JSON.stringify(object))?.[1];
}

const waitingOf = async (app: string) => (await stage.updatesOf(app)).at(-1)?.status?.waiting;
const waits = (app: string, reason: string, message = '') =>
  stage.until(async () =>
    expect(await waitingOf(app)).toMatchObject({ reason, message: expect.stringContaining(message) }),
  );
const arrives = (app: string, tag: string) => stage.until(async () => expect(await tagOf(app)).toBe(tag));

describe('an Update whose veto is a URL', () => {
  test('waits while it says so, is asked at its pace and no more, and begins when it says go', async () => {
    answer = { status: 423, body: '{"veto":"exams"}' };
    await pushVersions(registry.host, pathOf('web'), ['1.0.0', '1.1.0']);
    await follow('web', { vetoes: [{ name: 'school', http: { url: `${server.origin}/busy` }, every: '5m' }] });
    await waits('web', 'Veto', 'veto school: exams');

    await stage.pass(0, 'web');
    const [mark, asked] = [stage.asked().length, server.requests.length];
    await stage.pass(minuteMs, 'web');
    await stage.pass(minuteMs, 'web');
    expect(server.requests.length).toBe(asked);
    await stage.pass(4 * minuteMs, 'web');
    expect(server.requests.length).toBe(asked + 1);
    // Asked again with the same answer: nothing is written.
    expect(stage.asked(mark).filter(({ method }) => method !== 'GET')).toEqual([]);
    expect(await tagOf('web')).toBe('1.0.0');

    answer = { status: 204 };
    await stage.clock.advance(6 * minuteMs);
    await arrives('web', '1.1.0');
  });

  test('sends what its Secret says, and tells nobody', async () => {
    await stage.client.create(secrets, {
      metadata: { namespace: stage.namespace, name: 'busy' },
      data: { token: Buffer.from('s3cret').toString('base64') },
    } as never);
    answer = { status: 500 };
    await pushVersions(registry.host, pathOf('web'), ['1.0.0', '1.1.0']);
    const http = { url: `${server.origin}/busy?key=s3cret`, secretRef: { name: 'busy' } };
    await follow('web', { vetoes: [{ name: 'school', http }] });

    await waits('web', 'VetoUnknown', 'veto school is not known: it answers 500');

    expect(server.requests[0]?.authorization).toBe('Bearer s3cret');
    expect(JSON.stringify([stage.log, await stage.updatesOf('web'), (await stage.app('web')).status])).not.toContain(
      's3cret',
    );
  });

  test('that sends us to the API server waits with the reason, and the API server is not asked', async () => {
    const { server: apiServer } = stage.apiConfig;
    answer = { status: 302, location: `${apiServer}/api/v1/secrets` };
    await pushVersions(registry.host, pathOf('web'), ['1.0.0', '1.1.0']);
    await follow('web', { vetoes: [{ name: 'school', http: { url: server.origin } }] });

    await waits('web', 'VetoUnknown', 'is the API server of the cluster; nothing was sent there');

    expect(await tagOf('web')).toBe('1.0.0');
    expect(stage.asked().filter(({ path }) => path === '/api/v1/secrets')).toEqual([]);
  });

  test('goes on where errors are ignored, and the record says so', async () => {
    answer = { status: 500 };
    await pushVersions(registry.host, pathOf('web'), ['1.0.0', '1.1.0']);
    await follow('web', { vetoes: [{ name: 'school', http: { url: server.origin }, onError: 'Ignore' }] });

    await arrives('web', '1.1.0');

    const [update] = await stage.updatesOf('web');
    expect(update?.status?.steps?.[0]).toMatchObject({
      name: 'Plan',
      message: 'veto school is not known: it answers 500; it is set to be ignored then',
    });
  });
});

test('a query that gives NaN holds the Update back with the reason', async () => {
  const result = [{ metric: { job: 'web' }, value: [1_700_000_000, 'NaN'] }];
  answer = { status: 200, body: JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }) };
  await pushVersions(registry.host, pathOf('web'), ['1.0.0', '1.1.0']);
  await follow('web', { vetoes: [{ name: 'errors', metric: { url: server.origin, query: 'a / b > 1' } }] });

  await waits('web', 'VetoUnknown', 'veto errors is not known: the query gives NaN for {job="web"}');
  expect(await tagOf('web')).toBe('1.0.0');
});

test('alerts that fire hold the Update back', async () => {
  answer = { status: 200, body: '[{"labels":{"alertname":"DiskFull"}}]' };
  await pushVersions(registry.host, pathOf('web'), ['1.0.0', '1.1.0']);
  await follow('web', { vetoes: [{ name: 'alerts', alerts: { url: server.origin, matchers: ['severity="page"'] } }] });

  await waits('web', 'Veto', 'veto alerts: alert fires: DiskFull');
  answer = { status: 200, body: '[]' };
  await stage.clock.advance(2 * minuteMs);
  await arrives('web', '1.1.0');
});

test('production takes a version when staging has run it for long enough, and never one that staging gave up', async () => {
  const path = pathOf('shared');
  await pushVersions(registry.host, path, ['1.0.0', '1.1.0']);
  await follow('production', { after: [{ app: 'staging', soak: '1h' }] }, path);
  await waits('production', 'Predecessor', 'there is no App');
  await follow('staging', {}, path);
  await arrives('staging', '1.1.0');
  await waits('production', 'Predecessor', 'App');

  completeRollouts(stage, stop.signal);
  await waits('production', 'Predecessor', 'must run it for 1h first');
  expect((await waitingOf('production'))?.until).toBeDefined();
  expect(await tagOf('production')).toBe('1.0.0');

  await stage.clock.advance(61 * minuteMs);
  await arrives('production', '1.1.0');
});

test('an expression over the workloads holds the Update back, and one without an answer too', async () => {
  await pushVersions(registry.host, pathOf('web'), ['1.0.0', '1.1.0']);
  await pushVersions(registry.host, pathOf('odd'), ['1.0.0', '1.1.0']);
  const busy = 'objects.exists(o, o.metadata.labels["busy"] == "yes")';
  await follow('odd', { vetoes: [{ name: 'busy', cel: { expression: busy } }] });
  await follow('web', { vetoes: [{ name: 'busy', cel: { expression: 'objects.exists(o, o.spec.replicas == 1)' } }] });

  await waits('web', 'Veto', 'veto busy: "objects.exists(o, o.spec.replicas == 1)" is true');
  await waits('odd', 'VetoUnknown', 'veto busy is not known');

  const body = { spec: { replicas: 2 } };
  await stage.client.patch(deployments, { namespace: stage.namespace, name: 'web' }, { kind: 'merge', body });
  await stage.clock.advance(2 * minuteMs);
  await arrives('web', '1.1.0');
});
