import { expect, test } from 'vitest';
import { imageSource, later, startOfTest } from '../../../test/fixtures.ts';
import { OperationError } from '../../core/errors.ts';
import type { Finding } from '../detect/finding.ts';
import { CheckMemory } from './check-memory.ts';

const app = 'demo/web';
const intervalMs = 300_000;
const hour = 3_600_000;

const upToDate: Finding = { source: imageSource(), current: { tag: '1.0.0', digest: undefined }, kind: 'UpToDate' };

function unavailable(retryAfterMs?: number): Finding {
  const retry = retryAfterMs === undefined ? { retry: 'backoff' as const } : { retry: 'after' as const, retryAfterMs };
  const error = new OperationError('list tags of ghcr.io/org/web: 429 Too Many Requests', {
    code: 'REGISTRY_RATE_LIMITED',
    ...retry,
  });
  return { source: imageSource(), current: { tag: '1.0.0', digest: undefined }, kind: 'Unavailable', error };
}

/** A memory whose clock stands at the start of the test until it is moved. */
function memoryAt({ random = 0 } = {}) {
  let nowMs = 0;
  const memory = new CheckMemory({ clock: { now: () => later(nowMs) }, random: () => random });
  return {
    memory,
    moveTo: (milliseconds: number) => {
      nowMs = milliseconds;
    },
    /** Remembers a check made when the last one was due, and answers after how long it is due again. */
    next(findings: readonly Finding[]): number {
      const dueAt = memory.dueAt(app) ?? startOfTest;
      nowMs = dueAt.getTime() - startOfTest.getTime();
      memory.remember(app, 'basis', { findings, intervalMs });
      return (memory.dueAt(app) ?? startOfTest).getTime() - dueAt.getTime();
    },
  };
}

test('knows nothing of an App that was never checked', () => {
  const { memory } = memoryAt();

  expect(memory.recall(app, 'basis')).toBeUndefined();
  expect(memory.dueAt(app)).toBeUndefined();
});

test.each([
  [0, 'basis', true],
  [intervalMs - 1, 'basis', true],
  [intervalMs, 'basis', false],
  [0, 'another basis', false],
])('%i ms after a check, asked on %s: remembered is %s', (sinceMs, basis, isRemembered) => {
  const { memory, moveTo } = memoryAt();
  memory.remember(app, 'basis', { findings: [upToDate], intervalMs });

  moveTo(sinceMs);

  expect(memory.recall(app, basis)).toEqual(isRemembered ? [upToDate] : undefined);
});

test('one App does not answer for another, and a forgotten one for nobody', () => {
  const { memory } = memoryAt();
  memory.remember(app, 'basis', { findings: [upToDate], intervalMs });

  expect(memory.recall('demo/worker', 'basis')).toBeUndefined();
  memory.forget(app);
  expect(memory.recall(app, 'basis')).toBeUndefined();
});

test.each([
  [0, intervalMs],
  [0.5, intervalMs * 0.55],
  [0.999, intervalMs * 0.1009],
])(
  'chance %f: the first interval is %f ms, so that those that began together part; later ones are whole',
  (random, dueInMs) => {
    const { next } = memoryAt({ random });

    expect(next([upToDate])).toBeCloseTo(dueInMs, 0);
    expect(next([upToDate])).toBe(intervalMs);
    expect(next([upToDate])).toBe(intervalMs);
  },
);

test('a check on an answer that was given to others before is due when that one is an interval old', () => {
  const { memory, moveTo } = memoryAt();
  moveTo(100_000);

  memory.remember(app, 'basis', { findings: [upToDate], intervalMs, asOf: later(40_000) });

  expect(memory.dueAt(app)).toEqual(later(40_000 + intervalMs));
});

test('how old an answer may be: within the interval, and when it is time again not older than the last check', () => {
  const { memory, moveTo } = memoryAt({ random: 0.5 });
  expect(memory.maxAgeMs(app, intervalMs)).toBe(intervalMs);
  moveTo(1_000);
  memory.remember(app, 'basis', { findings: [upToDate], intervalMs, asOf: later(0) });

  moveTo(intervalMs * 0.5);
  expect(memory.maxAgeMs(app, intervalMs)).toBe(intervalMs);
  moveTo(intervalMs * 0.55);
  expect(memory.maxAgeMs(app, intervalMs)).toBe(intervalMs * 0.55 - 1_000);
  moveTo(intervalMs * 3);
  expect(memory.maxAgeMs(app, intervalMs)).toBe(intervalMs);
});

test('news of a repository make a check due, but not for an App with set times', () => {
  const { memory } = memoryAt();
  memory.remember(app, 'basis', { findings: [upToDate], intervalMs });
  memory.recallAtSetTimes('demo/timed', 'basis', { id: 'at noon', next: () => later(hour) });
  memory.remember('demo/timed', 'basis', { findings: [upToDate], intervalMs });

  memory.hint(app);
  memory.hint('demo/timed');

  expect(memory.recall(app, 'basis')).toBeUndefined();
  expect(memory.recallAtSetTimes('demo/timed', 'basis', { id: 'at noon', next: () => later(hour) }).kind).toBe('Known');
});

test('while a registry does not answer the delay doubles up to the interval, and starts again once it has answered', () => {
  const { next } = memoryAt();
  const findings = [[unavailable()], [upToDate, unavailable()]];

  const delays = Array.from({ length: 8 }, (_, index) => next(findings[index % 2] ?? []) / 1_000);

  expect(delays).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
  expect(next([upToDate])).toBe(intervalMs);
  expect(next([unavailable()])).toBe(5_000);
});

test('a thousand failures in a row still make a date', () => {
  const { memory, next } = memoryAt();

  for (let count = 0; count < 1_000; count += 1) {
    expect(next([unavailable()])).toBeLessThanOrEqual(intervalMs);
  }

  expect(memory.recall(app, 'basis')).toBeDefined();
});

test.each([
  ['below the own delay', [unavailable(1_000)], 5_000],
  ['above it', [unavailable(60_000)], 60_000],
  ['above the interval', [unavailable(2 * hour)], 2 * hour],
  ['the longest of two registries', [unavailable(60_000), unavailable(90_000), unavailable()], 90_000],
  ['a thousand years: a day at most', [unavailable(1_000 * 365 * 24 * hour)], 24 * hour],
  ['more than a date holds', [unavailable(Number.MAX_SAFE_INTEGER)], 24 * hour],
])('Retry-After %s is honoured', (_, findings, dueInMs) => {
  expect(memoryAt().next(findings)).toBe(dueInMs);
});

test('Retry-After is never cut short by chance', () => {
  expect(memoryAt({ random: 0.7 }).next([unavailable(60_000)])).toBeGreaterThanOrEqual(60_000);
});

test('after an announcement the next check is made at once, and only one', () => {
  const { memory } = memoryAt();
  memory.remember(app, 'basis', { findings: [upToDate], intervalMs });

  memory.expire(app);

  expect(memory.recall(app, 'basis')).toBeUndefined();
  memory.remember(app, 'basis', { findings: [upToDate], intervalMs });
  expect(memory.recall(app, 'basis')).toEqual([upToDate]);
  expect(memory.dueAt(app)).toEqual(later(intervalMs));
});

test('a check under way at an announcement may have missed it, so another one follows', () => {
  const { memory } = memoryAt();
  expect(memory.recall(app, 'basis')).toBeUndefined();

  memory.expire(app);
  memory.remember(app, 'basis', { findings: [upToDate], intervalMs });

  expect(memory.recall(app, 'basis')).toBeUndefined();
  memory.remember(app, 'basis', { findings: [upToDate], intervalMs });
  expect(memory.recall(app, 'basis')).toEqual([upToDate]);
});

test('the delay of a registry that does not answer goes on growing over announcements', () => {
  const { memory, next } = memoryAt();
  const first = next([unavailable()]);

  memory.expire(app);

  expect(next([unavailable()])).toBe(2 * first);
});
