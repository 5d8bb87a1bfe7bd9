import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createMetrics, type Metrics, metricDefinitions } from '../telemetry/metrics.ts';
import { createOperationsServer } from './operations.ts';

let metrics: Metrics;
let server: FastifyInstance;
let origin: string;
let missing: string | undefined;

beforeEach(async () => {
  missing = undefined;
  metrics = createMetrics({ processMetrics: false });
  server = createOperationsServer({ metrics, notReady: () => missing });
  origin = await server.listen({ host: '127.0.0.1', port: 0 });
});

afterEach(() => server.close());

async function ask(path: string, method = 'GET') {
  const response = await fetch(new URL(path, origin), { method });
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

describe('the kubelet', () => {
  test('is told that the process lives, ready or not', async () => {
    missing = 'reading the cluster';

    expect(await ask('/healthz')).toMatchObject({ status: 200, text: 'ok\n' });
  });

  test('is told what is missing until all is ready', async () => {
    missing = 'reading the cluster';
    expect(await ask('/readyz')).toMatchObject({ status: 503, text: 'reading the cluster\n' });

    missing = undefined;
    expect(await ask('/readyz')).toMatchObject({ status: 200, text: 'ok\n' });
  });
});

describe('Prometheus', () => {
  test('is told of every metric in the list, and of no other', async () => {
    const { status, type, text } = await ask('/metrics');

    const told = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, kind]) => `${name} ${kind}`);
    const listed = Object.values(metricDefinitions).map((definition) => `${definition.name} ${definition.type}`);
    expect({ status, type }).toEqual({ status: 200, type: expect.stringMatching(/^text\/plain; version=0\.0\.4/) });
    expect(told.sort()).toEqual(listed.sort());
  });

  test.each(Object.values(metricDefinitions))('is told what $name means', async ({ name, help }) => {
    expect((await ask('/metrics')).text).toContain(`# HELP ${name} ${help}\n`);
  });

  test('reads an App whose name has characters of the format', async () => {
    metrics.appWaiting.set({ namespace: 'demo', app: 'a"b\\c\nd', reason: 'UpToDate' }, 1);

    expect((await ask('/metrics')).text).toContain(
      'headgate_app_waiting{namespace="demo",app="a\\"b\\\\c\\nd",reason="UpToDate"} 1\n',
    );
  });

  test('sees the process too where it is asked for', async () => {
    const text = await createMetrics({ processMetrics: true }).registry.metrics();

    expect(text).toContain('process_cpu_seconds_total');
  });

  test('sees two runtimes apart', async () => {
    createMetrics({ processMetrics: false }).updates.inc({ outcome: 'Succeeded' });

    expect((await ask('/metrics')).text).not.toContain('outcome="Succeeded"');
  });
});

test.each([
  { method: 'GET', path: '/' },
  { method: 'GET', path: '/metrics/../secrets' },
  { method: 'POST', path: '/metrics' },
])('nobody is told more: $method $path', async ({ method, path }) => {
  expect((await ask(path, method)).status).toBe(404);
});
