/** The calls of the Environment Operator and of Keel's admin API, and a replica that stands by, on a real API server and registry. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type ApiStage, openApiStage, reader } from '../../../test/api-stage.ts';
import { openEventStream } from '../../../test/event-stream.ts';
import { completeRollouts, createDeployment, pushVersions } from '../../../test/runtime-stage.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import { openApi } from '../../app/listeners/api-listener.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { deployments, pods } from '../../kube/resource-types.ts';
import { createLogger } from '../../telemetry/log.ts';
import { createMetrics } from '../../telemetry/metrics.ts';

let registry: RunningRegistry;
let stage: ApiStage;
let stop: AbortController;
let token: string;

beforeAll(async () => {
  registry = await startRegistry();
  stop = new AbortController();
  stage = await openApiStage(inject('kubeconfig'));
  token = await stage.person('jenkins', [
    reader,
    { apiGroups: ['headgate.dev'], resources: ['apps'], verbs: ['deploy', 'hold'] },
    { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  ]);
  await pushVersions(registry.host, 'drop/front', ['1.0.0', '1.1.0']);
  await createDeployment(stage, 'front', `${registry.host}/drop/front:1.0.0`);
  const image = { repository: `${registry.host}/drop/front`, insecure: true, policy: { pinned: {} } };
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name: 'front' },
    spec: {
      interval: '24h',
      sources: [{ name: 'web', image }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'front' }] } },
      health: { timeout: '30m', stableFor: '0s' },
    },
  });
  await untilStatus({ status: 'red', version: '1.0.0' });
});

afterAll(async () => {
  stop.abort();
  await stage.stop();
  await registry.stop();
});

async function untilStatus(expected: object): Promise<void> {
  await stage.until(async () => {
    const { body } = await stage.ask(`/eo/${stage.namespace}/status/front`, { token });
    expect(body).toMatchObject(expected);
  });
}

describe('as the Environment Operator', () => {
  test('a service is red until its replicas are there, and green when all are new', async () => {
    completeRollouts(stage, stop.signal);

    await untilStatus({ status: 'green', replicas: { available: 1, up_to_date: 1, desired: 1 } });
    const { body } = await stage.ask(`/eo/${stage.namespace}/status`, { token });
    expect(body).toEqual({
      environment: stage.namespace,
      namespace: stage.namespace,
      services: [
        {
          name: 'front',
          version: '1.0.0',
          deployed_at: expect.stringMatching(/^\d{4}-/),
          replicas: { available: 1, up_to_date: 1, desired: 1 },
          status: 'green',
        },
      ],
    });
  });

  test.each([
    [{ updatedReplicas: 0, availableReplicas: 1 }, 'orange', 'all are there, and not all are new'],
    [{ updatedReplicas: 1, availableReplicas: 0 }, 'red', 'not all are there'],
  ])('%j is %s: %s', async (counts, colour) => {
    const place = { namespace: stage.namespace, name: 'front' };
    const play = async (body: object) =>
      await stage.client.patch(
        deployments,
        place,
        { kind: 'merge', body: { status: body } },
        { subresource: 'status' },
      );

    await play({ replicas: 1, readyReplicas: counts.availableReplicas, ...counts });

    await untilStatus({ status: colour });
    await play({ readyReplicas: 1, updatedReplicas: 1, availableReplicas: 1 });
    await untilStatus({ status: 'green' });
  });

  test('a job deploys a version by the name of the service', async () => {
    const body = { name: 'front', application: 'front', version: '1.1.0' };

    const answer = await stage.ask(`/eo/${stage.namespace}/deploy`, { token, method: 'POST', body });

    expect([answer.status, answer.body]).toEqual([200, { status: 'deploying' }]);
    await untilStatus({ status: 'green', version: '1.1.0' });
    expect(await stage.apiMetrics.registry.metrics()).toMatch(/^eo_deploys_total\{status="success"\} 1$/m);
  });

  test.each([
    [{ name: 'front' }, 400, /Bad request body/],
    ['{', 400, /./],
    [{ name: 'none', version: '1.0.0' }, 400, /there is no such App/],
    [{ name: 'front', version: '9.9.9' }, 400, /has no tag/],
  ])('%j is answered %i with a text', async (body, status, text) => {
    const answer = await stage.ask(`/eo/${stage.namespace}/deploy`, { token, method: 'POST', body });

    expect([answer.status, answer.headers.get('content-type'), answer.text]).toEqual([
      status,
      'text/plain; charset=utf-8',
      expect.stringMatching(text),
    ]);
  });

  test('without a token nothing is told and nothing done', async () => {
    expect((await stage.ask(`/eo/${stage.namespace}/status`)).status).toBe(401);
    const body = { name: 'front', version: '1.0.0' };
    expect((await stage.ask(`/eo/${stage.namespace}/deploy`, { method: 'POST', body })).status).toBe(401);
    expect((await stage.ask('/eo/elsewhere/status', { token })).status).toBe(403);
    expect((await stage.ask(`/eo/${stage.namespace}/status/none`, { token })).status).toBe(400);
  });

  test('pods are told with the end of their logs, as far as they can be read', async () => {
    await stage.client.create<KubeObject & { spec: object }>(pods, {
      metadata: { namespace: stage.namespace, name: 'front-1', labels: { app: 'front' } },
      spec: { containers: [{ name: 'web', image: 'x' }] },
    });

    const { body } = await stage.ask(`/eo/${stage.namespace}/status/front/pods`, { token });

    expect(body).toEqual([
      {
        Name: 'front-1',
        Phase: 'Pending',
        StartTime: '',
        Message: '',
        Logs: expect.any(String),
      },
    ]);
  });
});

describe("as Keel's admin API", () => {
  test('resources, tracked images and counts are those of the Apps', async () => {
    const { body } = await stage.ask('/v1/resources', { token });
    expect(body).toEqual([
      expect.objectContaining({
        provider: 'kubernetes',
        identifier: `deployment/${stage.namespace}/front`,
        kind: 'deployment',
        policy: 'pinned',
        images: [expect.stringContaining('/drop/front:1.1.0')],
        status: expect.objectContaining({ availableReplicas: 1, unavailableReplicas: 0 }),
      }),
    ]);
    expect((await stage.ask('/v1/tracked', { token })).body).toEqual([
      {
        image: 'drop/front',
        trigger: 'poll',
        pollSchedule: '@every 24h',
        provider: 'kubernetes',
        namespace: stage.namespace,
        policy: 'pinned',
        registry: registry.host,
      },
    ]);
    expect((await stage.ask('/v1/stats', { token })).body).toEqual([
      expect.objectContaining({ updates: 1, approvalsApproved: 0, timestamp: expect.any(Number) }),
    ]);
  });

  test('the audit log is paged and filtered', async () => {
    const all = (await stage.ask('/v1/audit?limit=1&offset=0', { token })).body;
    expect(all).toMatchObject({ total: 2, limit: 1, offset: 0, data: [{ resourceKind: expect.any(String) }] });
    const updates = (await stage.ask('/v1/audit?filter=update', { token })).body;
    expect(updates).toMatchObject({
      total: 1,
      data: [{ identifier: `${stage.namespace}/front-1`, action: 'deployed' }],
    });
    const nobody = (await stage.ask('/v1/audit?email=nobody', { token })).body;
    expect(nobody).toMatchObject({ total: 0, data: [] });
  });

  test('without a token there is nothing', async () => {
    for (const path of ['resources', 'tracked', 'stats', 'audit']) {
      expect((await stage.ask(`/v1/${path}`)).status).toBe(401);
    }
  });
});

describe('a replica that stands by', () => {
  async function openStandby(findLeader: () => Promise<string | undefined>): Promise<string> {
    const listener = await openApi(
      { listen: '127.0.0.1:0', anonymousRead: false },
      {
        client: stage.client,
        clock: { now: () => new Date(), monotonicMs: () => performance.now(), schedule: () => () => undefined },
        log: createLogger('error'),
        metrics: createMetrics({ processMetrics: false }),
        backend: () => undefined,
        findLeader,
      },
    );
    standbys.push(listener);
    return listener.address ?? '';
  }

  const standbys: { close(): Promise<void> }[] = [];
  afterAll(async () => {
    await Promise.all(standbys.map((one) => one.close()));
  });
  const leader = async () => stage.address.replace('http://', '');

  test('hands requests, bodies and streams on to the one that works', async () => {
    const standby = await openStandby(leader);
    const headers = { authorization: `Bearer ${token}` };

    const list = await fetch(`${standby}/api/v1/apps`, { headers });
    expect([list.status, await list.json()]).toEqual([200, expect.objectContaining({ total: 1 })]);
    const body = JSON.stringify({ policy: 'keel:minor', tags: ['1.0.0'], current: '1.0.0' });
    const tried = await fetch(`${standby}/api/v1/policies/try`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
    });
    expect(tried.status).toBe(200);
    const stream = await openEventStream(`${standby}/api/v1/watch`, headers);
    await stream.until((events) => expect(events).toMatchObject([{ event: 'hello' }]));
    stage.publish({
      kind: 'App',
      resource: 'apps',
      namespace: stage.namespace,
      name: 'x',
      resourceVersion: '1',
      change: 'changed',
    });
    await stream.until((events) => expect(events).toMatchObject([{}, { event: 'change' }]));
    stream.close();
    expect((await fetch(`${standby}/api/v1/apps`)).status).toBe(401);
  });

  test('says so when nobody works, or when it is sent to itself', async () => {
    const alone = await openStandby(async () => undefined);
    expect((await fetch(`${alone}/api/v1/apps`)).status).toBe(503);
    const gone = await openStandby(async () => '127.0.0.1:1');
    expect((await fetch(`${gone}/api/v1/apps`)).status).toBe(503);
    let own = '';
    own = (await openStandby(async () => own.replace('http://', ''))) ?? '';
    const response = await fetch(`${own}/api/v1/apps`);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
  });
});
