/** The alerts and the dashboard of the chart, on a real Prometheus that scraped a real run, and the traces of that run. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { waitUntil } from '../../test/cluster/wait-until.ts';
import {
  completeRollouts,
  createDeployment,
  openRuntimeStage,
  pushVersions,
  type RuntimeStage,
} from '../../test/runtime-stage.ts';
import { startHttpServer, type TestServer } from '../../test/servers/http-server.ts';
import { type RunningPrometheus, startPrometheus } from '../../test/servers/prometheus.ts';
import { type RunningRegistry, startRegistry } from '../../test/servers/registry.ts';
import { startTraceCollector, type TraceCollector } from '../../test/servers/trace-collector.ts';
import { apps, type ProductObject } from '../adapters/cluster/kinds.ts';
import { secrets } from '../kube/resource-types.ts';
import type { AppSpecWire } from '../resources/app/app.ts';
import { createOperationsServer } from '../server/operations.ts';
import { openTraceExport, type TraceExport } from '../telemetry/export-traces.ts';
import { createLogger } from '../telemetry/log.ts';
import { metricDefinitions } from '../telemetry/metrics.ts';
import { parseOutboundAllowance } from './outbound-setup.ts';

const alertsPath = fileURLToPath(new URL('../../chart/files/alerts.yaml', import.meta.url));
const dashboardPath = fileURLToPath(new URL('../../chart/files/dashboard.json', import.meta.url));

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
}

interface Alerts {
  readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}

const dashboard = JSON.parse(readFileSync(dashboardPath, 'utf8')) as Dashboard;
const alerts = load(readFileSync(alertsPath, 'utf8')) as Alerts;
const panels = dashboard.panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ title, expr })));
const rules = alerts.groups.flatMap((group) => group.rules);

test.each([...panels, ...rules.map(({ alert, expr }) => ({ title: alert, expr }))])(
  '$title asks for metrics that there are',
  ({ expr }) => {
    const known = new Set(Object.values(metricDefinitions).map(({ name }) => name));
    const asked = [...expr.matchAll(/headgate_\w+/g)].map(([name]) => name.replace(/_bucket$/, ''));

    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((name) => !known.has(name as never))).toEqual([]);
  },
);

describe('after one Update that succeeded and one that went back', () => {
  let stage: RuntimeStage;
  let registry: RunningRegistry;
  let service: TestServer;
  let prometheus: RunningPrometheus;
  let collector: TraceCollector;
  let traces: TraceExport;
  const stop = new AbortController();
  const ends: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    registry = await startRegistry();
    collector = await startTraceCollector();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', collector.origin);
    traces = await openTraceExport({ env: process.env, version: '1.2.3', log: createLogger('error') });
    service = await startHttpServer((request, response) => {
      response.writeHead(request.method === 'POST' ? 400 : 200).end('web 1.1.0');
    });
    stage = await openRuntimeStage(inject('kubeconfig'), {
      outbound: { allowance: parseOutboundAllowance(['127.0.0.0/8']), proxy: undefined },
    });
    completeRollouts(stage, stop.signal);
    const operations = createOperationsServer({ metrics: stage.metrics, notReady: () => undefined });
    const address = new URL(await operations.listen({ host: '127.0.0.1', port: 0 }));
    // As the controller does once it has the Lease.
    stage.metrics.leader.set(1);
    prometheus = await startPrometheus({ targets: [address.host], ruleFiles: [alertsPath] });
    ends.push(
      () => prometheus.stop(),
      () => operations.close(),
      () => stage.stop(),
      () => service.stop(),
      () => registry.stop(),
      () => traces.close(),
      () => collector.stop(),
    );
    await follow();
    await untilPhases(['Succeeded']);
    await pushVersions(registry.host, 'monitoring/web', ['1.2.0']);
    await stage.clock.advance(300_000);
    await untilPhases(['Succeeded', 'RolledBack']);
    await stage.until(async () =>
      expect(await stage.metrics.registry.metrics()).toMatch(/headgate_notices_total\{.*\} \d/),
    );
    await prometheus.until('headgate_deployments_total{result="failed"}');
  }, 120_000);

  afterAll(async () => {
    stop.abort();
    for (const end of ends) {
      await end();
    }
  });

  async function follow(name = 'web', gates: AppSpecWire['gates'] = {}): Promise<void> {
    const repository = `${registry.host}/monitoring/${name}`;
    await pushVersions(registry.host, `monitoring/${name}`, ['1.0.0', '1.1.0']);
    await createDeployment(stage, name, `${repository}:1.0.0`);
    const image = { repository, insecure: true, policy: { semver: { range: '1.x' } } };
    const expected = { body: [{ contains: 'web {{version}}' }] };
    const stringData = { address: `${service.origin}/hook` };
    await stage.client.create(secrets, {
      metadata: { namespace: stage.namespace, name: `hook-${name}` },
      stringData,
    } as never);
    await stage.client.create<ProductObject>(apps, {
      metadata: { namespace: stage.namespace, name },
      spec: {
        gates,
        interval: '5m',
        sources: [{ name: 'web', image }],
        deploy: { workloads: { targets: [{ kind: 'Deployment', name }] } },
        health: { timeout: '30m', stableFor: '0s' },
        tests: [{ name: 'smoke', failureLimit: 0, http: { url: `${service.origin}/`, expect: expected } }],
        notify: { to: [{ name: 'hook', kind: 'Webhook', secretRef: { name: `hook-${name}` } }] },
      },
    });
  }

  async function untilPhases(expected: readonly string[]): Promise<void> {
    await stage.until(async () => {
      expect((await stage.updatesOf('web')).map(({ status }) => status?.phase)).toEqual(expected);
    });
  }

  test.each(panels)('panel $title: $expr', async ({ expr }) => {
    const query = expr.replaceAll('$__rate_interval', '1m').replaceAll('$__range', '5m').replaceAll('$namespace', '.*');

    // What failed never has no series to show, which is good; hub.server.test.ts has a hub.
    if ((query.includes('result="failed"') && query.includes('reconcile')) || query.includes('headgate_channel_')) {
      await prometheus.query(query);
      return;
    }
    expect((await prometheus.until(query)).length).toBeGreaterThan(0);
  });

  test('how far behind each App is, what is rejected, and how long passes wait', async () => {
    await follow('late', { approvals: { required: 1 } });
    await stage.until(async () => expect((await stage.app('late')).status?.available).toBe('1.1.0'));
    await stage.clock.advance(3_600_000);

    expect((await prometheus.until('headgate_app_lag_seconds{app="late"} >= 3600')).length).toBe(1);
    expect(await prometheus.query('headgate_app_lag_seconds{app="web"}')).toEqual([0]);
    expect(await prometheus.query('headgate_app_current_timestamp_seconds{app="late"}')).toEqual([]);
    const [web = 0] = await prometheus.query('headgate_app_current_timestamp_seconds{app="web"}');
    expect(web).toBeGreaterThan(1_700_000_000);
    expect(await prometheus.query('headgate_rejections')).toEqual([1]);
    const waits = await prometheus.query('headgate_queue_wait_seconds_count{controller=~"app|update"} > 0');
    expect(waits).toHaveLength(2);
  });

  test.each(rules)('alert $alert is understood', async ({ expr }) => {
    await prometheus.query(expr);
  });

  test('each Update is one trace, with a span for each step of its record', async () => {
    await traces.close();

    const told = await Promise.all((await stage.updatesOf('web')).map((update) => spansOf(update.metadata.name)));
    const recorded = (await stage.updatesOf('web')).map(({ status }) => (status?.steps ?? []).map(({ name }) => name));
    expect(told).toEqual(recorded);
    expect(recorded[1]).toEqual(['Plan', 'Apply', 'Watch', 'Test', 'RollBack', 'VerifyRollback']);
    expect(new Set(collector.spans.map(({ traceId }) => traceId)).size).toBe(2);
  });

  /** Names of the steps of an Update's trace, in their order. */
  function spansOf(update: string): readonly string[] {
    const root = collector.spans.find(({ attributes }) => attributes['headgate.update'] === update);
    const steps = collector.spans.filter(({ traceId, parent }) => traceId === root?.traceId && parent === 'update web');
    return steps.map(({ name }) => name);
  }

  test('a channel that is not signed anew rings long before it expires, and one that is does not', async () => {
    const hours = (count: number) => new Date(Date.now() + count * 3_600_000);
    const observe = (channel: string, signingDue: Date, rootExpires: Date, waiting: string) =>
      stage.metrics.channels.observe(
        { namespace: stage.namespace, channel },
        {
          published: { expires: hours(34), rootExpires, signingDue },
          ...{ publishedAt: hours(-38), waiting, candidateSince: undefined },
        },
      );
    observe('fails', hours(-2), hours(9_000), 'PublishFailed');
    observe('root', hours(34), hours(240), 'RootExpiring');
    observe('well', hours(34), hours(9_000), 'UpToDate');
    const ringing = async (alert: string, state: string, channel: string) =>
      (await prometheus.query(`ALERTS{alertname="${alert}",alertstate="${state}",channel="${channel}"}`)).length > 0;
    for (const channel of ['fails', 'root']) {
      await waitUntil('HeadgateChannelExpiring fires', 30_000, () =>
        ringing('HeadgateChannelExpiring', 'firing', channel),
      );
    }
    await waitUntil('HeadgateChannelNotPublished is about to fire', 30_000, () =>
      ringing('HeadgateChannelNotPublished', 'pending', 'fails'),
    );
    expect(await prometheus.query('ALERTS{channel="well"}')).toEqual([]);
  });

  test('the failure is told, and that somebody does the work', async () => {
    const firing = async () => await prometheus.query('ALERTS{alertname="HeadgateUpdateFailed",alertstate="firing"}');
    await waitUntil('HeadgateUpdateFailed fires', 30_000, async () => (await firing()).length > 0);

    expect(await prometheus.query('ALERTS{alertname="HeadgateNotWorking"}')).toEqual([]);
    expect(await prometheus.query('sum(headgate_deployments_total) by (result)')).toEqual([1, 1]);
    expect(await prometheus.query('headgate_tests_total{verdict="Fail"}')).toEqual([1]);
    expect(await prometheus.query('headgate_restore_time_seconds_count')).toEqual([1]);
    stage.metrics.leader.set(0);
    const pending = async () => await prometheus.query('ALERTS{alertname="HeadgateNotWorking",alertstate="pending"}');
    await waitUntil('HeadgateNotWorking is about to fire', 30_000, async () => (await pending()).length > 0);
  });
});
