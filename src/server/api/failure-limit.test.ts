import { expect, test } from 'vitest';
import { later } from '../../../test/fixtures.ts';
import { FailureLimit } from './failure-limit.ts';

function limitAt() {
  let nowMs = 0;
  const limit = new FailureLimit({ now: () => later(nowMs) });
  const fail = (address: string, times: number) => {
    for (let time = 0; time < times; time += 1) {
      limit.note(address);
    }
  };
  return {
    limit,
    fail,
    moveTo: (ms: number) => {
      nowMs = ms;
    },
  };
}

test('twenty failures shut an address out for the rest of a minute, and no other', () => {
  const { limit, fail, moveTo } = limitAt();
  fail('192.0.2.1', 19);
  moveTo(10_000);
  expect(limit.retryAfter('192.0.2.1')).toBeUndefined();

  fail('192.0.2.1', 1);

  expect(limit.retryAfter('192.0.2.1')).toBe(50);
  expect(limit.retryAfter('192.0.2.2')).toBeUndefined();
  moveTo(60_000);
  expect(limit.retryAfter('192.0.2.1')).toBeUndefined();
});

test('a million addresses do not fill the memory, and the last ones are still known', () => {
  const { limit, fail } = limitAt();
  for (let address = 0; address < 50_000; address += 1) {
    fail(String(address), 1);
  }
  fail('last', 20);

  expect(limit.retryAfter('last')).toBe(60);
});
