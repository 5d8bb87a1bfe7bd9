import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRequestWindow } from './request-window.ts';

const hour = 3_600_000;

test('whatever is asked when, no period of the length sees more than the limit', () => {
  const asks = fc.array(
    fc.record({ afterMs: fc.integer({ min: 0, max: 20_000 }), key: fc.integer({ min: 0, max: 30 }) }),
    {
      maxLength: 300,
    },
  );
  fc.assert(
    fc.property(
      asks,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1_000, max: 60_000 }),
      (steps, limit, periodMs) => {
        let now = 0;
        const window = createRequestWindow({ limit, periodMs }, () => now);
        const sent: number[] = [];
        for (const { afterMs, key } of steps) {
          now += afterMs;
          if (window.request(String(key)) <= 0) {
            sent.push(now);
          }
          const recent = sent.filter((time) => time > now - periodMs);
          expect(recent.length).toBeLessThanOrEqual(limit);
        }
      },
    ),
  );
});

test('the first half goes at once, the rest is spread over the period, and each keeps its place', () => {
  let now = 0;
  const window = createRequestWindow({ limit: 10, periodMs: hour }, () => now);

  const waits = Array.from({ length: 20 }, (_, at) => window.request(`image ${at}`));

  expect(waits.slice(0, 6)).toEqual([0, 0, 0, 0, 0, hour / 10]);
  expect(waits.toSorted((left, right) => left - right)).toEqual(waits);
  // Whoever comes later does not overtake, and whoever asks again too early does not lose its place.
  now = (waits[5] ?? 0) - 1;
  expect(window.request('image 5')).toBe(1);
  expect(window.request('latecomer')).toBeGreaterThan(waits[19] ?? 0);
  now += 1;
  expect(window.request('image 5')).toBe(0);
});

test('500 images at 100 in 6 hours: all have had their turn within 30 hours, in order', () => {
  let now = 0;
  const window = createRequestWindow({ limit: 100, periodMs: 6 * hour }, () => now);
  const due = new Map(Array.from({ length: 500 }, (_, at) => [`image ${at}`, 0]));
  const order: string[] = [];

  while (due.size > 0) {
    const [key = '', atMs = 0] = [...due].reduce((first, next) => (next[1] < first[1] ? next : first));
    now = Math.max(now, atMs);
    const waitMs = window.request(key);
    if (waitMs <= 0) {
      due.delete(key);
      order.push(key);
    } else {
      due.set(key, now + waitMs);
    }
  }

  expect(now).toBeLessThanOrEqual(30 * hour);
  expect(order).toEqual(Array.from({ length: 500 }, (_, at) => `image ${at}`));
});

test('what the registry says is left holds all back until then', () => {
  let now = 1_000;
  const window = createRequestWindow({ limit: 100, periodMs: hour }, () => now);

  window.holdUntil(61_000);
  expect(window.request('a')).toBe(60_000);
  now = 61_000;
  expect(window.request('a')).toBe(0);
});

test('shows what is used and when the first of it is over', () => {
  let now = 5;
  const window = createRequestWindow({ limit: 4, periodMs: hour }, () => now);
  expect([window.used, window.resetsAtMs]).toEqual([0, undefined]);

  window.request('a');
  window.request('b');

  expect([window.used, window.resetsAtMs]).toEqual([2, hour + 5]);
  now = hour + 5;
  expect(window.used).toBe(0);
});
