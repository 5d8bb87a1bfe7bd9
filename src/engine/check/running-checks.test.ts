import { expect, test } from 'vitest';
import { RunningChecks } from './running-checks.ts';

function open() {
  const ended: string[] = [];
  const stop = new AbortController();
  const checks = new RunningChecks({ onEnd: (key) => ended.push(key), signal: stop.signal, nextTurn: settled });
  const kept: string[] = [];
  const start = (key: string, basis: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    checks.start(key, basis, { run: () => promise, keep: (result) => kept.push(result) });
    return { resolve, reject };
  };
  return { checks, ended, kept, stop, start };
}

test('many run at once, and what each finds is kept when it comes', async () => {
  const { checks, ended, kept, start } = open();
  const slow = start('a', '1');
  const quick = start('b', '1');
  expect([checks.size, checks.isUnderWay('a', '1'), checks.isUnderWay('a', '2')]).toEqual([2, true, false]);

  quick.resolve('of b');
  await settled();

  expect([kept, ended, checks.size]).toEqual([['of b'], ['b'], 1]);
  slow.resolve('of a');
  await settled();
  expect([kept, ended, checks.size]).toEqual([['of b', 'of a'], ['b', 'a'], 0]);
});

test('of two on different bases only the later one is listened to', async () => {
  const { ended, kept, start } = open();
  const former = start('a', '1');
  const latter = start('a', '2');

  former.resolve('former');
  latter.resolve('latter');
  await settled();

  expect([kept, ended]).toEqual([['latter'], ['a']]);
});

test('one that breaks off is told to the next pass, once', async () => {
  const { checks, ended, kept, start } = open();
  start('a', '1').reject(new Error('a defect'));
  await settled();

  expect([kept, ended]).toEqual([[], ['a']]);
  expect(() => checks.isUnderWay('a', '1')).toThrow('a defect');
  expect(checks.isUnderWay('a', '1')).toBe(false);
});

test('after the end, and of what is gone, nothing is kept', async () => {
  const { checks, ended, kept, stop, start } = open();
  const gone = start('a', '1');
  const late = start('b', '1');

  checks.forget('a');
  gone.resolve('of a');
  stop.abort();
  late.resolve('of b');
  await settled();

  expect([kept, ended, checks.size]).toEqual([[], [], 0]);
});

test('one that ends at once is for the pass that waits a turn for it; a slower one wakes another', async () => {
  const { checks, ended, kept, start } = open();
  const quick = start('quick', '1');
  start('slow', '1');
  const defect = start('defect', '1');

  const answers = Promise.all([checks.endsAtOnce('quick'), checks.endsAtOnce('slow'), checks.endsAtOnce('defect')]);
  quick.resolve('of quick');
  defect.reject(new Error('a defect'));

  expect(await answers).toEqual([true, false, true]);
  expect([kept, ended]).toEqual([['of quick'], []]);
  expect(() => checks.isUnderWay('defect', '1')).toThrow('a defect');
});

test('one that was waited for in vain wakes when it ends', async () => {
  const { checks, ended, kept, start } = open();
  const slow = start('a', '1');
  expect(await checks.endsAtOnce('a')).toBe(false);

  slow.resolve('of a');
  await settled();

  expect([kept, ended]).toEqual([['of a'], ['a']]);
});

function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
