/** Tests of Apps on a real API server and registry, with real servers that are asked, among them a real Prometheus. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { analysisTemplates, installAnalysisTemplates } from '../../../test/crds/argo-rollouts.ts';
import { endJob, type JobObject } from '../../../test/helm/interruptions.ts';
import { completeRollouts, openRuntimeStage, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { bodyOf, startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { type RunningPrometheus, startPrometheus } from '../../../test/servers/prometheus.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import * as tested from '../../../test/tested-app.ts';
import { createAccessReviews } from '../../adapters/cluster/access-reviews.ts';
import { createDirectRecords } from '../../adapters/cluster/records.ts';
import { approveUpdate, rejectUpdate } from '../../engine/update/approve.ts';
import { jobs } from '../../kube/resource-types.ts';
import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';
import { parseOutboundAllowance } from '../outbound-setup.ts';

const signal = new AbortController().signal;

let registry: RunningRegistry;
let stage: RuntimeStage;
let stop: AbortController;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  registry = await startRegistry();
});

afterAll(() => registry.stop());

const outbound = { allowance: parseOutboundAllowance(['127.0.0.0/8']), proxy: undefined };

beforeEach(async () => {
  stop = new AbortController();
  stage = await openRuntimeStage(inject('kubeconfig'), { outbound });
  completeRollouts(stage, stop.signal);
});

afterEach(async () => {
  stop.abort();
  await stage.stop();
  for (const end of ends.splice(0)) {
    await end();
  }
});

async function serve(handler: Parameters<typeof startHttpServer>[0]): Promise<TestServer> {
  const server = await startHttpServer(handler);
  ends.push(() => server.stop());
  return server;
}

const follow = (tests: tested.Tests) => tested.followTested(stage, registry.host, tests);
const untilUpdate = (check: (update: UpdateObjectWire) => void) => tested.untilUpdate(stage, check);
const untilPhase = (phase: string) => tested.untilPhase(stage, phase);
const shareSecret = (name: string, data: Readonly<Record<string, string>>) => tested.shareSecret(stage, name, data);
const { verdictsOf } = tested;

function people() {
  const clock = { now: () => stage.clock.now() };
  return { records: createDirectRecords(stage.client, clock), reviews: createAccessReviews(stage.client), clock };
}

describe('http, by a URL', () => {
  test('passes with what is expected, and is asked once', async () => {
    const server = await serve((_, response) => void response.end('{"version":"1.1.0","from":"1.0.0"}'));
    const json = [
      { path: 'version', equals: '{{version}}' },
      { path: 'from', equals: '{{from.web}}' },
    ];
    await follow([{ name: 'smoke', http: { url: `${server.origin}/v/{{version}}`, expect: { json } } }]);

    const update = await untilPhase('Succeeded');

    expect(verdictsOf(update)).toEqual([expect.stringMatching(/^smoke Pass: answered 200 in \d+ ms$/)]);
    expect(server.requests.map(({ path }) => path)).toEqual(['/v/1.1.0']);
  });

  test('fails when nobody answers, after as many attempts as may fail', async () => {
    const server = await serve((_, response) => void response.destroy());
    await follow([{ name: 'smoke', interval: '1s', failureLimit: 1, http: { url: `${server.origin}/` } }]);

    await untilUpdate(({ status }) => expect(status?.failure?.reason).toBe('TestFailed'));

    expect(server.requests).toHaveLength(2);
    const [record] = (await untilPhase('RolledBack')).status?.tests ?? [];
    expect(record).toMatchObject({ verdict: 'Fail', attempts: 2, failed: 2 });
  });

  test('of an endless body the start is read, and of a redirect nothing but that it is one', async () => {
    const server = await serve((_, response, { pathname }) => {
      if (pathname === '/away') {
        response.writeHead(302, { location: 'https://kubernetes.default.svc/api' }).end();
        return;
      }
      const more = () => {
        while (response.write('x'.repeat(65_536))) {
          // Until the other side cannot take more.
        }
      };
      response.on('drain', more);
      more();
    });
    const expect_ = { body: [{ contains: 'end' }] };
    await follow([
      { name: 'away', http: { url: `${server.origin}/away`, expect: { status: ['302'] } } },
      { name: 'endless', failureLimit: 0, http: { url: `${server.origin}/`, expect: expect_ } },
    ]);

    const { status } = await untilPhase('RolledBack');

    expect(status?.failure?.message).toMatch(/^test endless: body is "x+…" and longer than is read, without "end"$/);
    expect(server.requests.map(({ path }) => path)).toEqual(['/away', '/']);
  });

  test('an address that must not be asked is inconclusive when its time is up; a person who rejects it sends it back', async () => {
    await follow([{ name: 'inner', timeout: '30s', http: { url: 'http://169.254.169.254/latest/meta-data' } }]);
    await untilUpdate(({ status }) => expect(status?.tests?.[0]?.attempts).toBeGreaterThan(0));
    await stage.clock.advance(30_000);

    const waiting = await untilUpdate(({ status }) => expect(status?.waiting?.reason).toBe('TestInconclusive'));

    expect(waiting.status?.phase).toBe('Testing');
    expect(waiting.status?.waiting?.message).toContain('test inner: no verdict within 30s');
    await rejectUpdate(people(), { namespace: stage.namespace, name: 'web-1' }, 'no good', signal);
    const { status } = await untilPhase('RolledBack');
    expect(status?.failure?.reason).toBe('Rejected');
  });

  test('a test that never ends fails when its time is up', async () => {
    const server = await serve(() => undefined);
    await follow([{ name: 'hangs', timeout: '20s', http: { url: `${server.origin}/`, attemptTimeout: '10m' } }]);
    await untilUpdate(({ status }) => expect(status?.waiting?.reason).toBe('Testing'));
    await stage.clock.advance(20_000);

    const { status } = await untilPhase('RolledBack');

    expect(status?.failure?.message).toBe('test hangs: no verdict within 20s');
  });
});

describe('webhook', () => {
  test('is asked with a signature, and answers by calling back with the token, once', async () => {
    const asked: { readonly headers: Record<string, unknown>; readonly body: Record<string, unknown> }[] = [];
    const server = await serve(async (request, response) => {
      asked.push({ headers: { ...request.headers }, body: JSON.parse(await bodyOf(request)) });
      response.writeHead(202).end();
    });
    await shareSecret('ci', { token: 'shared' });
    await follow([{ name: 'ci', webhook: { url: `${server.origin}/hook`, secretRef: { name: 'ci' } } }]);
    await untilUpdate(({ status }) => expect(status?.tests?.[0]?.run?.id).toMatch(/\/ci\/1$/));

    const [{ headers, body }] = asked as [(typeof asked)[number]];
    expect(headers['x-headgate-signature-256']).toMatch(/^sha256=[0-9a-f]{64}$/);
    expect(body).toMatchObject({
      app: 'web',
      update: 'web-1',
      test: 'ci',
      attempt: 1,
      changes: [{ source: 'web', from: { tag: '1.0.0' }, to: { tag: '1.1.0' } }],
    });
    const { path, token } = body['callback'] as { readonly path: string; readonly token: string };
    expect(path).toBe(`/v1/tests/${stage.namespace}/web-1/ci`);
    const answer = (given: string, verdict: unknown) => {
      const said = { verdict, message: 'all 12 suites' };
      const { answerTest } = stage.runtime.webhooks;
      return answerTest({ namespace: stage.namespace, update: 'web-1', test: 'ci', token: given, body: said });
    };
    expect(await answer('0'.repeat(64), 'fail')).toBe('Denied');
    expect(await answer(token, 'maybe')).toBe('Invalid');
    expect(await answer(token, 'pending')).toBe('Pending');
    expect(await answer(token, 'pass')).toBe('Taken');
    const update = await untilPhase('Succeeded');
    expect(verdictsOf(update)).toEqual(['ci Pass: all 12 suites']);
    expect(await answer(token, 'fail')).toMatch(/^(Late|Denied)$/);
    expect(asked).toHaveLength(1);
    expect(JSON.stringify([update, stage.log])).not.toContain(token);
  });

  test('is asked again until it knows', async () => {
    let polls = 0;
    const server = await serve((request, response) => {
      polls += request.method === 'GET' ? 1 : 0;
      response.end(JSON.stringify({ verdict: polls < 2 ? 'pending' : 'fail', message: 'suite 3' }));
    });
    await shareSecret('ci', { token: 'shared' });
    const poll = { url: `${server.origin}/runs?id={{id}}`, every: '10s' };
    await follow([{ name: 'ci', webhook: { url: `${server.origin}/hook`, secretRef: { name: 'ci' }, poll } }]);
    await untilUpdate(() => expect(polls).toBe(1));
    await stage.clock.advance(10_000);

    const { status } = await untilPhase('RolledBack');

    expect(status?.failure?.message).toBe('test ci: suite 3');
    expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  test('a Secret that is missing leaves the question open; a person approves', async () => {
    await follow([
      { name: 'ci', timeout: '20s', webhook: { url: 'http://127.0.0.1:9/', secretRef: { name: 'none' } } },
    ]);
    await untilUpdate(({ status }) => expect(status?.tests?.[0]?.attempts).toBe(1));
    await stage.clock.advance(20_000);
    await untilUpdate(({ status }) => expect(status?.waiting?.reason).toBe('TestInconclusive'));

    const { by } = await approveUpdate(people(), { namespace: stage.namespace, name: 'web-1' }, signal);

    const { status } = await untilPhase('Succeeded');
    expect(status?.tests?.[0]).toMatchObject({ verdict: 'Inconclusive', acceptedBy: by });
    expect(status?.steps?.at(-1)?.message).toBe(`test ci accepted by ${by}`);
  });
});

describe('job', () => {
  const container = { name: 'check', image: 'checks:1', env: [{ name: 'A', value: '$(HEADGATE_VERSION)' }] };
  const template = { spec: { template: { spec: { containers: [container] } } } };

  interface TestJob extends JobObject {
    readonly spec: { readonly template: { readonly spec: { readonly containers: readonly object[] } } };
  }

  test.each([
    { end: 'Complete', phase: 'Succeeded', verdict: 'Pass' },
    { end: 'Failed', phase: 'RolledBack', verdict: 'Fail' },
  ] as const)(
    'that ends as $end: $phase, started once with the versions in its environment',
    async ({ end, phase, verdict }) => {
      await follow([{ name: 'rows', job: { template } }]);
      const { run } =
        (await untilUpdate(({ status }) => expect(status?.tests?.[0]?.run).toBeDefined())).status?.tests?.[0] ?? {};
      const { items } = await stage.client.list<TestJob>(jobs, { namespace: stage.namespace });

      expect(items.map(({ metadata }) => metadata.name)).toEqual([run?.id]);
      const [job] = items as [TestJob];
      expect(job.metadata.ownerReferences).toMatchObject([{ kind: 'Update', name: 'web-1' }]);
      expect(job.spec.template.spec.containers).toMatchObject([
        {
          env: expect.arrayContaining([
            { name: 'HEADGATE_APP', value: 'web' },
            { name: 'HEADGATE_VERSION', value: '1.1.0' },
            { name: 'HEADGATE_FROM_WEB', value: '1.0.0' },
            { name: 'HEADGATE_TEST', value: 'rows' },
            { name: 'A', value: '$(HEADGATE_VERSION)' },
          ]),
        },
      ]);
      await endJob(stage, job, end);
      const update = await untilPhase(phase);
      expect(update.status?.tests).toMatchObject([{ name: 'rows', verdict, attempts: 1 }]);
      expect((await stage.client.list(jobs, { namespace: stage.namespace })).items).toHaveLength(1);
    },
  );

  test('that the API server refuses is tried again, and inconclusive when its time is up', async () => {
    const wrong = { spec: { template: { spec: { containers: [] } } } };
    await follow([{ name: 'rows', timeout: '20s', job: { template: wrong } }]);
    await untilUpdate(({ status }) => expect(status?.tests?.[0]?.attempts).toBeGreaterThan(0));
    await stage.clock.advance(20_000);

    const { status } = await untilUpdate((update) => expect(update.status?.waiting?.reason).toBe('TestInconclusive'));

    expect(status?.tests?.[0]?.message).toMatch(/no verdict within 20s; last: create Job .*422/);
  });
});

describe('with a real Prometheus', () => {
  let prometheus: RunningPrometheus;
  let app: TestServer;

  beforeAll(async () => {
    const metrics = 'errors_ratio 0.02\nnothing NaN\nmany{a="1"} 1\nmany{a="2"} 1\n';
    app = await startHttpServer((_, response) => void response.end(metrics));
    prometheus = await startPrometheus({ targets: [app.host] });
    await prometheus.until('errors_ratio');
  });

  afterAll(async () => {
    await prometheus.stop();
    await app.stop();
  });

  const metric = (name: string, query: string, fields: object): tested.Tests[number] => ({
    name,
    metric: { url: prometheus.origin, query, ...fields },
  });

  test('values within their bounds pass; NaN, nothing, several series and a wrong query are inconclusive', async () => {
    await follow([
      metric('good', 'errors_ratio', { max: 0.05, min: 0 }),
      metric('nan', 'nothing', { max: 1 }),
      metric('empty', 'missing', { max: 1 }),
      metric('many', 'many', { max: 1 }),
      metric('wrong', 'sum(', { max: 1 }),
      metric('past', 'errors_ratio', { baseline: { offset: '24h', maxIncrease: '10%' } }),
    ]);

    const update = await untilUpdate(({ status }) => expect(status?.waiting?.reason).toBe('TestInconclusive'));

    expect(verdictsOf(update)).toEqual([
      'good Pass: 0.02',
      'nan Inconclusive: the query gives NaN',
      'empty Inconclusive: the query gives nothing',
      'many Inconclusive: the query gives 2 series; add an aggregation such as sum()',
      expect.stringMatching(/^wrong Inconclusive: the query is refused: bad_data: .*parse error/),
      'past Inconclusive: 0.02; before the update the query gives nothing',
    ]);
  });

  test('a value above its bound sends the version back', async () => {
    await follow([metric('errors', 'errors_ratio', { max: 0.01 })]);

    const { status } = await untilPhase('RolledBack');

    expect(status?.failure?.message).toBe('test errors: 0.02 is more than 0.01');
  });

  test('an AnalysisTemplate of Argo Rollouts: each metric is a test, and what is not understood is told', async () => {
    await installAnalysisTemplates(stage.client);
    const web = await serve((_, response) => void response.end('{"data":{"ok":true,"rate":0.99}}'));
    await stage.client.create(analysisTemplates, {
      metadata: { namespace: stage.namespace, name: 'checks' },
      spec: {
        args: [{ name: 'limit' }, { name: 'path', value: '/health' }],
        metrics: [
          {
            name: 'errors',
            count: 2,
            interval: '1s',
            successCondition: 'result[0] < {{args.limit}}',
            provider: { prometheus: { address: prometheus.origin, query: 'errors_ratio' } },
          },
          {
            name: 'web',
            successCondition: 'result.ok && result.rate >= 0.95',
            provider: { web: { url: `${web.origin}{{args.path}}`, jsonPath: '{$.data}' } },
          },
          { name: 'datadog', provider: { datadog: { query: 'x' } } },
        ],
      },
    } as never);
    await follow([
      { name: 'argo', analysis: { templateName: 'checks', arguments: [{ name: 'limit', value: '0.05' }] } },
      { name: 'none', analysis: { templateName: 'missing' } },
    ]);

    const update = await untilUpdate(({ status }) => expect(status?.waiting?.reason).toBe('TestInconclusive'));

    expect(verdictsOf(update)).toEqual([
      'argo.errors Pass: [0.02]',
      'argo.web Pass: {"ok":true,"rate":0.99}',
      'argo.datadog Inconclusive: its provider is datadog; prometheus, web and job are understood',
      'none Inconclusive: there is no AnalysisTemplate missing',
    ]);
    expect(update.status?.tests?.[0]?.attempts).toBe(2);
    expect(web.requests.map(({ path }) => path)).toEqual(['/health']);
  });
});
