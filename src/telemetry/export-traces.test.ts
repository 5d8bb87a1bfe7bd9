import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startTraceCollector, type TraceCollector } from '../../test/servers/trace-collector.ts';
import { openTraceExport } from './export-traces.ts';
import { createLogger } from './log.ts';
import { traceUpdate } from './trace-update.ts';

let collector: TraceCollector;
let lines: string[];

beforeEach(async () => {
  collector = await startTraceCollector();
  lines = [];
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await collector.stop();
});

const at = (second: number) => new Date(Date.UTC(2026, 4, 4, 12, 0, second));
const update = {
  ...{ namespace: 'demo', app: 'web', update: 'web-1', phase: 'RolledBack', startedAt: at(0), finishedAt: at(9) },
  failure: 'crashes',
  steps: [
    { name: 'Apply', startedAt: at(0), finishedAt: at(1), result: 'Done' },
    { name: 'Watch', startedAt: at(1), finishedAt: at(5), result: 'Failed', message: 'crashes' },
    { name: 'RollBack', startedAt: at(5), finishedAt: at(9), result: 'Done' },
  ],
};

/** The exporter reads the environment of the process. */
async function open(env: Readonly<Record<string, string>>) {
  for (const [name, value] of Object.entries(env)) {
    vi.stubEnv(name, value);
  }
  const log = createLogger('debug', { write: (line) => lines.push(line) });
  return await openTraceExport({ env: process.env, version: '1.2.3', log });
}

test('each Update comes to the collector as one trace with a span for each step', async () => {
  const { origin } = collector;
  const traces = await open({
    OTEL_EXPORTER_OTLP_ENDPOINT: origin,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc',
    OTEL_RESOURCE_ATTRIBUTES: 'k8s.cluster.name=school',
  });

  traceUpdate(update);
  traceUpdate({ ...update, update: 'web-2', phase: 'Succeeded', failure: undefined, steps: update.steps.slice(0, 1) });
  await traces.close();

  const [first = '', second = ''] = [...new Set(collector.spans.map(({ traceId }) => traceId))];
  const told = (id: string) =>
    collector.spans
      .filter(({ traceId }) => traceId === id)
      .map(({ name, parent, start, end, error }) => ({ name, parent, start, end, error }))
      .toSorted((one, other) => one.end.getTime() - other.end.getTime());
  const whole = { name: 'update web', parent: undefined, start: at(0), end: at(9) };
  expect(told(first)).toEqual([
    { name: 'Apply', parent: 'update web', start: at(0), end: at(1), error: undefined },
    { name: 'Watch', parent: 'update web', start: at(1), end: at(5), error: 'crashes' },
    { name: 'RollBack', parent: 'update web', start: at(5), end: at(9), error: undefined },
    { ...whole, error: 'crashes' },
  ]);
  expect(told(second)).toEqual([
    { name: 'Apply', parent: 'update web', start: at(0), end: at(1), error: undefined },
    { ...whole, error: undefined },
  ]);
  expect(collector.spans.find(({ name }) => name === 'update web')).toMatchObject({
    attributes: {
      ...{ 'headgate.namespace': 'demo', 'headgate.app': 'web' },
      ...{ 'headgate.update': 'web-1', 'headgate.phase': 'RolledBack' },
    },
    resource: { 'service.name': 'headgate', 'service.version': '1.2.3', 'k8s.cluster.name': 'school' },
  });
  expect(collector.requests[0]).toMatchObject({ path: '/v1/traces', authorization: 'Bearer abc' });
});

test('the address for traces goes before the general one, and the name of the service is what is asked for', async () => {
  const traces = await open({
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.origin}/v1/traces`,
    OTEL_SERVICE_NAME: 'updates',
  });

  traceUpdate(update);
  await traces.close();

  expect(collector.spans).toHaveLength(4);
  expect(collector.spans[0]?.resource).toMatchObject({ 'service.name': 'updates' });
});

describe('nothing is sent', () => {
  test.each([
    ['where nothing is said', {}],
    ['with OTEL_TRACES_EXPORTER=none', { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'here' }],
    ['with OTEL_SDK_DISABLED=true', { OTEL_SDK_DISABLED: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'here' }],
  ])('%s', async (_, env) => {
    const { origin } = collector;
    const traces = await open(
      Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value === 'here' ? origin : value])),
    );

    traceUpdate(update);
    await traces.close();

    expect(collector.requests).toEqual([]);
    expect(lines).toEqual([]);
  });

  test('after it was closed', async () => {
    const traces = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin });
    await traces.close();

    traceUpdate(update);

    expect(collector.requests).toEqual([]);
  });
});

test.each([
  ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', 'http/json'],
  ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'grpc', 'http/json'],
  ['OTEL_TRACES_EXPORTER', 'zipkin', 'otlp or none'],
])('%s=%s is refused', async (variable, value, wanted) => {
  await expect(open({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin, [variable]: value })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(`export traces: ${variable} is "${value}"; wanted is ${wanted}`),
  });
});

test('a collector that is away is told in the log, and holds nothing up', async () => {
  await collector.stop();
  const traces = await open({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin, OTEL_EXPORTER_OTLP_TIMEOUT: '500' });

  traceUpdate(update);
  await traces.close();

  expect(lines.map((line) => JSON.parse(line).msg)).toContain('traces were not exported');
});
