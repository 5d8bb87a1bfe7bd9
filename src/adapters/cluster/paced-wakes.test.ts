import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { PacedWakes } from './paced-wakes.ts';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function start(signal: AbortSignal = new AbortController().signal) {
  const woken: string[] = [];
  return { woken, wakes: new PacedWakes((app) => woken.push(app), signal) };
}

test('an App of a few objects is woken at each change', () => {
  const { woken, wakes } = start();

  for (let change = 0; change < 3; change += 1) {
    wakes.wake('demo/web', 4);
  }

  expect(woken).toHaveLength(3);
});

test('an App of 2,000 objects is woken at once, and for all further changes of a quarter of a second once', () => {
  const { woken, wakes } = start();

  for (let change = 0; change < 100; change += 1) {
    wakes.wake('demo/big', 2_000);
  }
  expect(woken).toHaveLength(1);
  vi.advanceTimersByTime(249);
  expect(woken).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(woken).toHaveLength(2);
  vi.advanceTimersByTime(10_000);
  expect(woken).toHaveLength(2);
  wakes.wake('demo/big', 2_000);
  expect(woken).toHaveLength(3);
});

test('changes without end are followed four times a second; one App does not wait for another', () => {
  const { woken, wakes } = start();

  for (let ms = 0; ms < 1_000; ms += 10) {
    wakes.wake('demo/big', 2_000);
    vi.advanceTimersByTime(10);
  }
  wakes.wake('demo/other', 2_000);

  expect(woken.filter((app) => app === 'demo/big')).toHaveLength(5);
  expect(woken.at(-1)).toBe('demo/other');
});

test('however many objects, it is no more than a second', () => {
  const { woken, wakes } = start();
  wakes.wake('demo/huge', 100_000);
  wakes.wake('demo/huge', 100_000);

  vi.advanceTimersByTime(1_000);

  expect(woken).toHaveLength(2);
});

test('nobody is woken after the end', () => {
  const end = new AbortController();
  const { woken, wakes } = start(end.signal);
  wakes.wake('demo/big', 2_000);
  wakes.wake('demo/big', 2_000);

  end.abort();
  vi.advanceTimersByTime(1_000);

  expect(woken).toHaveLength(1);
});
