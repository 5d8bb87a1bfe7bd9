import { describe, expect, test } from 'vitest';
import { readLimitSource, readToldLimit } from './rate-headers.ts';

const now = new Date('2026-01-01T00:00:00Z');
const nowMs = now.getTime();

describe('readToldLimit', () => {
  test.each([
    [
      'Docker Hub',
      { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' },
      [100, 76, 21_600_000, undefined],
    ],
    [
      'older draft',
      { 'ratelimit-limit': '100', 'ratelimit-remaining': '50', 'ratelimit-reset': '30' },
      [100, 50, undefined, nowMs + 30_000],
    ],
    ['draft 07', { ratelimit: 'limit=100, remaining=50, reset=5' }, [100, 50, undefined, nowMs + 5_000]],
    [
      'draft 08',
      { ratelimit: '"default";r=50;t=30', 'ratelimit-policy': '"default";q=100;w=60' },
      [100, 50, 60_000, nowMs + 30_000],
    ],
    [
      'GitHub',
      { 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '4999', 'x-ratelimit-reset': String(nowMs / 1_000 + 60) },
      [5_000, 4_999, undefined, nowMs + 60_000],
    ],
    ['only what is left', { 'ratelimit-remaining': '0' }, [undefined, 0, undefined, undefined]],
  ])('%s: %j', (_, headers, [limit, remaining, periodMs, resetsAtMs]) => {
    expect(readToldLimit({ headers }, now)).toEqual({ limit, remaining, periodMs, resetsAtMs });
  });

  test.each([
    ['nothing', {}],
    ['no number', { 'ratelimit-remaining': 'plenty' }],
    ['a limit without what is left', { 'ratelimit-limit': '100' }],
    ['a number without end', { 'x-ratelimit-remaining': '9'.repeat(40) }],
    ['a fraction', { 'ratelimit-remaining': '1.5' }],
    ['a list of policies', { 'ratelimit-policy': '"default";q=100;w=60' }],
  ])('%s tells nothing: %j', (_, headers) => {
    expect(readToldLimit({ headers }, now)).toBeUndefined();
  });
});

test.each([
  [{ 'docker-ratelimit-source': '192.0.2.7' }, '192.0.2.7'],
  [{ 'docker-ratelimit-source': 'x'.repeat(257) }, undefined],
  [{}, undefined],
])('who is counted by %j is %j', (headers, source) => {
  expect(readLimitSource({ headers })).toBe(source);
});
