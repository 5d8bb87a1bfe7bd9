import { expect, test } from 'vitest';
import type { HttpTestWire } from '../../resources/app/app-tests.ts';
import { decodeHttpProbe } from '../../resources/app/decode-http-probe.ts';
import type { HttpAnswer } from './http-probe.ts';
import { judgeHttp } from './judge-http.ts';

type Expect = NonNullable<HttpTestWire['expect']>;

const answer: HttpAnswer = {
  status: 200,
  headers: { 'content-type': 'application/json', 'x-version': '1.1.0' },
  body: '{"status":"ok","version":"1.1.0","checks":[{"name":"db","ms":12}],"none":null}',
  isCut: false,
  durationMs: 40,
};
const fields = { version: '1.1.0', app: 'web' };

test.each<readonly [Expect, Partial<HttpAnswer>, string]>([
  [{}, {}, 'Pass: answered 200 in 40 ms'],
  [{}, { status: 204 }, 'Pass: answered 204 in 40 ms'],
  [{}, { status: 301, body: '' }, 'Fail: answered 301, not 2xx: ""'],
  [{ status: ['204', '5xx'] }, { status: 503, body: 'down' }, 'Pass'],
  [{ status: ['204', '5xx'] }, {}, 'Fail: answered 200, not 204 or 5xx: "{'],
  [{ maxDuration: '30ms' }, {}, 'Fail: took 40 ms, more than 30 ms'],
  [{ maxDuration: '40ms' }, {}, 'Pass'],
  [{ headers: [{ name: 'X-Version' }] }, {}, 'Pass'],
  [{ headers: [{ name: 'X-Version', equals: '{{version}}' }] }, {}, 'Pass'],
  [{ headers: [{ name: 'X-Version', equals: '1.2.0' }] }, {}, 'Fail: header X-Version is "1.1.0", not "1.2.0"'],
  [{ headers: [{ name: 'X-Other' }] }, {}, 'Fail: has no header X-Other'],
  [{ body: [{ contains: '"version":"{{ version }}"' }] }, {}, 'Pass'],
  [{ body: [{ contains: 'nope' }] }, { body: 'yes' }, 'Fail: body is "yes", without "nope"'],
  [{ body: [{ pattern: '^\\{.*"ok"' }] }, {}, 'Pass'],
  [{ body: [{ pattern: '^y$' }] }, { body: 'yes' }, 'Fail: body is "yes", which does not match ^y$'],
  [{ body: [{ equals: 'yes' }] }, { body: 'yes', isCut: true }, 'Pass'],
  [
    { body: [{ contains: 'end' }] },
    { body: 'yes', isCut: true },
    'Fail: body is "yes" and longer than is read, without',
  ],
  [{ json: [{ path: 'status', equals: 'ok' }] }, {}, 'Pass'],
  [{ json: [{ path: 'checks[0].ms', max: 20 }] }, {}, 'Pass'],
  [{ json: [{ path: 'checks[name=db].ms', max: 10 }] }, {}, 'Fail: JSON checks[name=db].ms is 12, more than 10'],
  [{ json: [{ path: 'checks[0].ms', min: 13 }] }, {}, 'Fail: JSON checks[0].ms is 12, less than 13'],
  [{ json: [{ path: 'status', min: 13 }] }, {}, 'Fail: JSON status is "ok", no number'],
  [{ json: [{ path: 'none', equals: 'null' }] }, {}, 'Pass'],
  [{ json: [{ path: 'checks[0].ms', equals: '12' }] }, {}, 'Pass'],
  [{ json: [{ path: 'missing' }] }, {}, 'Fail: JSON has no missing'],
  [{ json: [{ path: '[0].a', equals: 'x' }] }, { body: '[{"a":"x"}]' }, 'Pass'],
  [{ json: [{ path: 'status' }] }, { body: '<html>' }, 'Fail: body is no JSON object: "<html>"'],
  [
    { json: [{ path: 'status' }] },
    { body: '{"status":1}', isCut: true },
    'Fail: body is no JSON object, or longer than',
  ],
  [{ status: ['204'], headers: [{ name: 'a' }] }, { body: '' }, 'Fail: answered 200, not 204: ""; has no header a'],
])('%j of %j -> %s', (expect_, given, expected) => {
  const probe = decodeHttpProbe({ url: 'http://web.test/', expect: expect_ }, 'http');
  const outcome = judgeHttp(probe.expect, { ...answer, ...given }, fields);

  expect(`${outcome.kind}: ${outcome.message}`).toContain(expected);
});

test('a long page is cut in the message', () => {
  const { message } = judgeHttp(
    decodeHttpProbe({ url: 'http://web.test/' }, 'http').expect,
    { ...answer, status: 500, body: 'x'.repeat(10_000) },
    fields,
  );

  expect(message.length).toBeLessThan(300);
});
