import { describe, expect, test } from 'vitest';
import type { AppTestWire, HttpTestWire } from './app-tests.ts';
import { decodeTests } from './decode-tests.ts';

const http = { service: { name: 'web' } };

describe('decodeTests', () => {
  test('fills in what is usual', () => {
    expect(decodeTests([{ name: 'smoke', http }])).toEqual([
      {
        name: 'smoke',
        pace: {
          timeoutMs: 300_000,
          intervalMs: 10_000,
          initialDelayMs: 0,
          count: 1,
          counts: 'Passes',
          failureLimit: 2,
          inconclusiveLimit: 0,
          late: 'Fail',
        },
        probe: {
          kind: 'Http',
          target: { kind: 'Service', name: 'web', port: '80', scheme: 'http', path: '/' },
          method: 'GET',
          headers: [],
          body: undefined,
          timeoutMs: 10_000,
          expect: { statuses: ['2xx'], headers: [], body: [], json: [], maxDurationMs: undefined },
        },
      },
    ]);
  });

  test.each<readonly [Partial<AppTestWire>, string]>([
    [{}, 'spec.tests[0]: exactly one of http, job, helm, webhook, metric and analysis must be set'],
    [{ http, timeout: '10ms' }, 'spec.tests[0].timeout: "10ms" leaves no time for an attempt; use 1s or more'],
    [{ http, interval: 'soon' }, 'spec.tests[0].interval: "soon" is not a duration'],
  ])('%j: %s', (fields, problem) => {
    expect(() => decodeTests([{ name: 'smoke', ...fields }])).toThrow(problem);
  });

  test('two of one name', () => {
    const one = { name: 'smoke', http };

    expect(() => decodeTests([one, one])).toThrow('spec.tests: two are named "smoke"');
  });

  test.each<readonly [HttpTestWire, string]>([
    [{}, 'http: exactly one of service and url must be set'],
    [{ ...http, url: 'http://a.test/' }, 'http: exactly one of service and url must be set'],
    [{ url: 'http://a.test/', path: '/x' }, 'http.path: goes with service; write it into url'],
    [{ ...http, caSecretRef: { name: 'ca' } }, 'http.caSecretRef: goes with url'],
    [{ ...http, tls: {} }, 'http.tls: goes with url; to a Service it is the API server that connects'],
    [{ url: 'http://a.test/', tls: { minVersion: '1.3' } }, 'http.tls: goes with an https url'],
    [
      { url: 'https://a.test/', tls: { serverName: '10.0.0.1' } },
      'http.tls.serverName: "10.0.0.1" is an address; write a DNS name',
    ],
    [{ ...http, path: '/../../../secrets' }, 'http.path: "/../../../secrets" is no plain path'],
    [{ ...http, path: '/a/%2E%2e/b' }, 'http.path: "/a/%2E%2e/b" is no plain path'],
    [{ ...http, path: '//evil.test/' }, 'http.path: "//evil.test/" is no plain path'],
    [{ ...http, path: '/a#b' }, 'is no plain path'],
    [
      { ...http, path: '/{{nothing}}' },
      'http.path: "{{nothing}}" is no field; there are app, namespace, update, version',
    ],
    [{ ...http, body: '{{app' }, 'http.body: "{{" without "}}" around a name'],
    [
      { ...http, headers: [{ name: 'Authorization', value: 'x' }] },
      'http.headers[0].name: "authorization" cannot be sent',
    ],
    [
      { ...http, headers: [{ name: 'Impersonate-Extra-x', value: 'x' }] },
      'http.headers[0].name: "impersonate-extra-x" cannot be sent',
    ],
    [{ ...http, headers: [{ name: 'a b', value: 'x' }] }, 'http.headers[0].name: "a b" cannot be sent'],
    [{ ...http, expect: { body: [{}] } }, 'http.expect.body[0]: one of equals, contains and pattern must be set'],
    [{ ...http, expect: { body: [{ pattern: '(?=a)' }] } }, 'http.expect.body[0].pattern'],
    [{ ...http, expect: { body: [{ contains: 'a', equals: 'b' }] } }, 'only one of equals, contains and pattern'],
    [{ ...http, expect: { json: [{ path: 'a..b' }] } }, 'http.expect.json[0].path: "a..b" is no path'],
    [{ ...http, expect: { json: [{ path: 'a', min: 1, equals: 'x' }] } }, 'min and max cannot stand beside equals'],
  ])('%j: %s', (given, problem) => {
    expect(() => decodeTests([{ name: 'smoke', http: given }])).toThrow(problem);
  });
});
