import { beforeEach, expect, test } from 'vitest';
import { createSharedLoads } from './shared-loads.ts';

const never = new AbortController().signal;
let nowMs: number;
let loads: number;

beforeEach(() => {
  nowMs = 1_000;
  loads = 0;
});

function make(maxEntries = 10) {
  return createSharedLoads<number>({ nowMs: () => nowMs, maxEntries });
}

async function load() {
  loads += 1;
  await Promise.resolve();
  return { value: loads, expiresAtMs: nowMs + 100 };
}

test('loads once for all who wait, and keeps the value until it expires', async () => {
  const shared = make();

  expect(await Promise.all([shared.get('a', load, never), shared.get('a', load, never)])).toEqual([1, 1]);
  nowMs += 99;
  expect(await shared.get('a', load, never)).toBe(1);
  nowMs += 1;
  expect(await shared.get('a', load, never)).toBe(2);
});

test('keeps keys apart and forgets on demand', async () => {
  const shared = make();

  expect(await shared.get('a', load, never)).toBe(1);
  expect(await shared.get('b', load, never)).toBe(2);
  shared.forget('a');
  expect(await shared.get('a', load, never)).toBe(3);
  expect(await shared.get('b', load, never)).toBe(2);
});

test('gives an error to all who wait and to nobody after', async () => {
  const shared = make();
  const failing = async () => {
    await Promise.resolve();
    throw new Error('away');
  };

  const both = await Promise.allSettled([shared.get('a', failing, never), shared.get('a', failing, never)]);

  expect(both.map((one) => one.status)).toEqual(['rejected', 'rejected']);
  expect(await shared.get('a', load, never)).toBe(1);
});

test('lets one give up without the others', async () => {
  const shared = make();
  const impatient = new AbortController();
  const { promise, resolve } = Promise.withResolvers<{ value: number; expiresAtMs: number }>();
  const slow = () => promise;

  const first = shared.get('a', slow, impatient.signal);
  const second = shared.get('a', slow, never);
  impatient.abort(new Error('enough'));

  await expect(first).rejects.toThrow('enough');
  resolve({ value: 7, expiresAtMs: nowMs + 1 });
  expect(await second).toBe(7);
});

test('does not begin for one who has given up before', async () => {
  await expect(make().get('a', load, AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone');
  expect(loads).toBe(0);
});

test('drops the oldest beyond its bound', async () => {
  const shared = make(2);
  for (const key of ['a', 'b', 'c']) {
    await shared.get(key, load, never);
  }

  expect(await shared.get('c', load, never)).toBe(3);
  expect(await shared.get('b', load, never)).toBe(2);
  expect(await shared.get('a', load, never)).toBe(4);
});
