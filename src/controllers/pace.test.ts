import { expect, test } from 'vitest';
import { createManualClock } from '../../test/kube/manual-clock.ts';
import { pace } from './pace.ts';

function paced() {
  const clock = createManualClock();
  const stopping = new AbortController();
  const acts: string[] = [];
  const call = pace({ clock, gapMs: 1_000, signal: stopping.signal }, (subject) => {
    acts.push(`${clock.monotonicMs()} ${subject}`);
  });
  return { clock, stopping, acts, call };
}

test('acts at once, once more at the end of the gap, and at once again later', async () => {
  const { clock, acts, call } = paced();

  call('a');
  await clock.advance(300);
  call('a');
  await clock.advance(5_000);
  call('a');

  expect(acts).toEqual(['0 a', '1000 a', '5300 a']);
});

test('a storm is one act a second for each subject', async () => {
  const { clock, acts, call } = paced();

  for (let step = 0; step < 300; step += 1) {
    call('a');
    call('b');
    await clock.advance(10);
  }

  expect(acts).toEqual(['0 a', '0 b', '1000 a', '1000 b', '2000 a', '2000 b', '3000 a', '3000 b']);
});

test('after the end nothing is done and no timer is left', async () => {
  const { clock, stopping, acts, call } = paced();
  call('a');
  call('a');

  stopping.abort();
  call('b');

  expect(clock.timers).toBe(0);
  await clock.advance(5_000);
  expect(acts).toEqual(['0 a']);
});
