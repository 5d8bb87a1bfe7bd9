import { afterEach, beforeEach, expect, test } from 'vitest';
import { startHttpServer, type TestServer } from '../../../test/servers/http-server.ts';
import { openOutbound } from '../../../test/servers/open-outbound.ts';
import type { Outbound } from '../../engine/ports/outbound.ts';
import { createPrometheusClient } from './prometheus-client.ts';

let server: TestServer;
let body: () => string = () => '';
let status = 200;
let outbound: Outbound & { close(): Promise<void> };

beforeEach(async () => {
  status = 200;
  outbound = openOutbound();
  server = await startHttpServer((_, response) => void response.writeHead(status).end(body()));
});

afterEach(async () => {
  await outbound.close();
  await server.stop();
});

const vector = (...values: readonly string[]) => ({
  resultType: 'vector',
  result: values.map((value, index) => ({ metric: { pod: `web-${index}` }, value: [1_700_000_000, value] })),
});
const sample = (value: unknown) => ({ kind: 'Samples', samples: [{ labels: { pod: 'web-0' }, value }] });

test.each([
  ['a number', vector('1.5'), sample({ kind: 'Number', value: 1.5 })],
  ['NaN', vector('NaN'), sample({ kind: 'NotANumber' })],
  ['+Inf', vector('+Inf'), sample({ kind: 'Infinite', sign: 1 })],
  ['-Inf', vector('-Inf'), sample({ kind: 'Infinite', sign: -1 })],
  ['a number beyond all', vector('1e999'), sample({ kind: 'NotANumber' })],
  ['no number', vector(''), sample({ kind: 'NotANumber' })],
  [
    'a histogram',
    { resultType: 'vector', result: [{ metric: { pod: 'web-0' }, histogram: [1, {}] }] },
    sample({ kind: 'NotANumber' }),
  ],
  ['nothing', vector(), { kind: 'Empty' }],
  [
    'a scalar',
    { resultType: 'scalar', result: [1_700_000_000.5, '3'] },
    { kind: 'Samples', samples: [{ labels: {}, value: { kind: 'Number', value: 3 } }] },
  ],
  [
    'a text',
    { resultType: 'string', result: [1_700_000_000, 'x'] },
    { kind: 'Refused', because: 'the query gives a string; a vector or a scalar is needed' },
  ],
  [
    '1,001 series',
    vector(...Array.from({ length: 1_001 }, () => '1')),
    { kind: 'TooMany', count: 1_001, limit: 1_000 },
  ],
])('an instant query that gives %s', async (_, data, expected) => {
  body = () => JSON.stringify({ status: 'success', data });

  const answer = await createPrometheusClient(outbound).query({ url: server.origin }, 'up', undefined, signal());

  expect(answer).toEqual(expected);
});

test('a million series are given up after 4 MiB', async () => {
  const one = JSON.stringify({ metric: { pod: 'web-0' }, value: [1_700_000_000, '1'] });
  body = () => `{"status":"success","data":{"resultType":"vector","result":[${`${one},`.repeat(999_999)}${one}]}}`;

  const answer = await createPrometheusClient(outbound).query({ url: server.origin }, 'up', undefined, signal());

  expect(answer).toEqual({ kind: 'TooMany', count: 1_001, limit: 1_000 });
});

test('a query that Prometheus refuses comes back with its words', async () => {
  status = 400;
  body = () => JSON.stringify({ status: 'error', errorType: 'bad_data', error: 'parse error: unclosed\nparenthesis' });

  const answer = await createPrometheusClient(outbound).query({ url: server.origin }, 'up(', undefined, signal());

  expect(answer).toEqual({ kind: 'Refused', because: 'bad_data: parse error: unclosed parenthesis' });
});

test.each([
  [401, 'no', 'OUTBOUND_ANSWER_INVALID', 'the Secret of its login does not open it'],
  [503, 'starting', 'OUTBOUND_UNREACHABLE', '503 starting'],
  [200, '<html>', 'OUTBOUND_ANSWER_INVALID', 'none of Prometheus'],
  [
    200,
    '{"status":"success","data":{"resultType":"vector","result":[{"value":["x",1]}]}}',
    'OUTBOUND_ANSWER_INVALID',
    'none of',
  ],
])('an answer %d %s is %s', async (code, text, error, says) => {
  status = code;
  body = () => text;

  const asked = createPrometheusClient(outbound).query({ url: server.origin }, 'up', undefined, signal());

  await expect(asked).rejects.toMatchObject({ code: error, message: expect.stringContaining(says) });
});

test('a range query: path, parameters, login and points', async () => {
  const start = new Date('2030-01-01T00:00:00Z');
  const end = new Date('2030-01-01T01:00:00Z');
  const values = [
    [start.getTime() / 1_000, '1'],
    [end.getTime() / 1_000, 'NaN'],
  ];
  const result = [{ metric: { job: 'web' }, values }];
  body = () => JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });
  const login = { kind: 'Basic', username: 'u', password: 'p' } as const;
  const place = { url: `${server.origin}/tenant/`, login };

  const answer = await createPrometheusClient(outbound).queryRange(
    place,
    'up',
    { start, end, stepMs: 30_000 },
    signal(),
  );

  expect(server.requests).toEqual([
    {
      method: 'GET',
      path: '/tenant/api/v1/query_range?query=up&start=1893456000&end=1893459600&step=30&limit=1001',
      authorization: 'Basic dTpw',
    },
  ]);
  expect(answer).toEqual({
    kind: 'Series',
    series: [
      {
        labels: { job: 'web' },
        points: [
          { at: start, value: { kind: 'Number', value: 1 } },
          { at: end, value: { kind: 'NotANumber' } },
        ],
      },
    ],
  });
});

function signal(): AbortSignal {
  return AbortSignal.timeout(10_000);
}
