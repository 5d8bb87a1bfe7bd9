/** Vetoes asked of a real Prometheus and a real Alertmanager. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { waitUntil } from '../../../test/cluster/wait-until.ts';
import { createDeployment, openRuntimeStage, pushVersions, type RuntimeStage } from '../../../test/runtime-stage.ts';
import { type RunningAlertmanager, startAlertmanager } from '../../../test/servers/alertmanager.ts';
import { startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { type RunningPrometheus, startPrometheus } from '../../../test/servers/prometheus.ts';
import { type RunningRegistry, startRegistry } from '../../../test/servers/registry.ts';
import { apps, type ProductObject } from '../../adapters/cluster/kinds.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { deployments } from '../../kube/resource-types.ts';
import type { AppSpecWire } from '../../resources/app/app.ts';
import { parseOutboundAllowance } from '../outbound-setup.ts';

// Servers of three kinds, each asked over and over.
vi.setConfig({ testTimeout: 120_000 });

let registry: RunningRegistry;
let alertmanager: RunningAlertmanager;
let stage: RuntimeStage;
let repository = 0;

beforeAll(async () => {
  [registry, alertmanager] = await Promise.all([startRegistry(), startAlertmanager()]);
});

afterAll(async () => {
  await Promise.all([registry.stop(), alertmanager.stop()]);
});

beforeEach(async () => {
  repository += 1;
  const outbound = { allowance: parseOutboundAllowance(['127.0.0.0/8']), proxy: undefined };
  stage = await openRuntimeStage(inject('kubeconfig'), { outbound });
});

afterEach(async () => {
  await stage.stop();
});

const path = () => `alerts-${repository}/web`;

async function follow(fields: Partial<AppSpecWire>): Promise<void> {
  await pushVersions(registry.host, path(), ['1.0.0', '1.1.0']);
  await createDeployment(stage, 'web', `${registry.host}/${path()}:1.0.0`);
  const image = { repository: `${registry.host}/${path()}`, insecure: true, policy: { semver: { range: '1.x' } } };
  await stage.client.create<ProductObject>(apps, {
    metadata: { namespace: stage.namespace, name: 'web' },
    spec: {
      interval: '5m',
      sources: [{ name: 'web', image }],
      deploy: { workloads: { targets: [{ kind: 'Deployment', name: 'web' }] } },
      health: { timeout: '30m', stableFor: '0s' },
      ...fields,
    },
  });
}

const waits = (reason: string, message: string) =>
  stage.until(async () => {
    const waiting = (await stage.updatesOf('web')).at(-1)?.status?.waiting;
    expect(waiting).toMatchObject({ reason, message: expect.stringContaining(message) });
  });

const arrives = () =>
  stage.until(async () => {
    await stage.clock.advance(61_000);
    const object = await stage.client.get<KubeObject>(deployments, { namespace: stage.namespace, name: 'web' });
    expect(JSON.stringify(object)).toContain(':1.1.0');
  });

describe('alerts of a real Alertmanager', () => {
  test('hold an Update up while they fire and fit, until they are silenced', async () => {
    await alertmanager.send({ alertname: 'DiskFull', severity: 'page', of: stage.namespace });
    await alertmanager.send({ alertname: 'Slow', severity: 'info', of: stage.namespace });
    const matchers = ['severity="page"', `of="${stage.namespace}"`];
    await follow({ gates: { vetoes: [{ name: 'alerts', alerts: { url: alertmanager.origin, matchers } }] } });

    await waits('Veto', 'veto alerts: alert fires: DiskFull');

    await alertmanager.silence('DiskFull');
    await arrives();
  });

  test('hold an Update up until they are resolved', async () => {
    const labels = { alertname: 'Down', severity: 'page', of: stage.namespace };
    await alertmanager.send(labels);
    const matchers = [`of="${stage.namespace}"`];
    await follow({ gates: { vetoes: [{ name: 'alerts', alerts: { url: alertmanager.origin, matchers } }] } });
    await waits('Veto', 'veto alerts: alert fires: Down');

    await alertmanager.send(labels, new Date(Date.now() - 1_000));

    await arrives();
  });

  test('whose matcher it does not understand are no answer, and its words are told', async () => {
    const alerts = { url: alertmanager.origin, matchers: ['not a matcher'] };
    await follow({ gates: { vetoes: [{ name: 'alerts', alerts }] } });

    await waits('VetoUnknown', 'veto alerts is not known: it answers 400');
    await waits('VetoUnknown', 'bad matcher format');
  });
});

describe('a query of a real Prometheus', () => {
  let prometheus: RunningPrometheus;
  let app: TestServer;

  beforeAll(async () => {
    const many = Array.from({ length: 2_000 }, (_, at) => `many{at="${at}"} 1\n`).join('');
    app = await startHttpServer((_, response) => void response.end(`errors 12\nnothing NaN\n${many}`));
    prometheus = await startPrometheus({ targets: [app.host] });
    await prometheus.until('errors');
    await waitUntil('all are scraped', 30_000, async () => (await prometheus.query('count(many)'))[0] === 2_000);
  });

  afterAll(async () => {
    await prometheus.stop();
    await app.stop();
  });

  test.each([
    ['that gives something', 'errors > 10', 'Veto', 'veto prom: '],
    ['that gives NaN', 'nothing + 1', 'VetoUnknown', 'the query gives NaN'],
    ['that gives infinity', 'errors / 0', 'VetoUnknown', 'the query gives an infinite number'],
    ['that gives too many series', 'many', 'VetoUnknown', '1000 are judged at most; aggregate it'],
    ['that is none', 'sum(', 'VetoUnknown', 'parse error'],
  ])('%s', async (_, query, reason, message) => {
    await follow({ gates: { vetoes: [{ name: 'prom', metric: { url: prometheus.origin, query } }] } });

    await waits(reason, message);
  });

  test.each([
    ['that gives nothing', 'errors > 100'],
    ['that gives the scalar 0', 'scalar(errors) * 0'],
  ])('%s lets the Update begin', async (_, query) => {
    await follow({ gates: { vetoes: [{ name: 'prom', metric: { url: prometheus.origin, query } }] } });

    await arrives();
  });
});
