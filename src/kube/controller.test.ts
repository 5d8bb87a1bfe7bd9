import { afterEach, beforeEach, expect, test } from 'vitest';
import { createManualClock } from '../../test/kube/manual-clock.ts';
import { type ControllerOptions, type ErrorDecision, startController } from './controller.ts';
import { createWorkQueue } from './work-queue.ts';

let stop: AbortController;

beforeEach(() => {
  stop = new AbortController();
});

afterEach(() => stop.abort());

function start(reconcile: ControllerOptions['reconcile'], decision: ErrorDecision = 'backoff', concurrency = 2) {
  const clock = createManualClock();
  const queue = createWorkQueue({ clock, random: () => 0.5 });
  const controller = startController({
    name: 'test',
    concurrency,
    reconcile,
    onError: () => decision,
    signal: stop.signal,
    queue,
    clock,
  });
  return { clock, controller };
}

test.each<{ name: string; decision: ErrorDecision; afterMs: readonly number[] }>([
  { name: 'backoff', decision: 'backoff', afterMs: [0, 1_000, 3_000, 7_000] },
  { name: 'drop', decision: 'drop', afterMs: [0] },
  { name: 'afterMs', decision: { afterMs: 4_000 }, afterMs: [0, 4_000, 8_000] },
])('a failing key with decision $name runs at $afterMs ms', async ({ decision, afterMs }) => {
  const runs: number[] = [];
  const { clock, controller } = start(() => {
    runs.push(clock.monotonicMs());
    return Promise.reject(new Error('no'));
  }, decision);

  controller.enqueue('a');
  await clock.advance(10_000);

  expect(runs).toEqual(afterMs);
});

test('requeueAfterMs brings the key back, and success ends the backoff', async () => {
  const runs: number[] = [];
  const { clock, controller } = start(async () => {
    runs.push(clock.monotonicMs());
    if (runs.length === 1) {
      throw new Error('first');
    }
    return { requeueAfterMs: 5_000 };
  });

  controller.enqueue('a');
  await clock.advance(11_000);

  expect(runs).toEqual([0, 1_000, 6_000, 11_000]);
  expect(controller.stats().failing).toBe(0);
});

test('as many keys run at once as there are workers, and never one twice', async () => {
  const running: string[] = [];
  const finish: (() => void)[] = [];
  const { clock, controller } = start((key) => {
    running.push(key);
    return new Promise((resolve) => {
      finish.push(() => {
        running.splice(running.indexOf(key), 1);
        resolve({});
      });
    });
  });

  for (const key of ['a', 'b', 'c', 'a']) {
    controller.enqueue(key);
  }
  await clock.advance(0);
  expect(running).toEqual(['a', 'b']);
  controller.enqueue('a');
  finish.shift()?.();
  await clock.advance(0);

  expect(running).toEqual(['b', 'c']);
  expect(controller.stats()).toMatchObject({ ready: 1, busy: 2 });
  for (let left = finish.shift(); left !== undefined; left = finish.shift()) {
    left();
    await clock.advance(0);
  }
  await controller.idle();
});

test('stopping aborts what runs, waits for it, and keeps no timer', async () => {
  const { clock, controller } = start(async (key, signal) => {
    if (key === 'delayed') {
      return { requeueAfterMs: 60_000 };
    }
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    throw signal.reason;
  });
  controller.enqueue('delayed');
  controller.enqueue('hanging');
  await clock.advance(0);

  stop.abort();
  await controller.stopped;

  expect(clock.timers).toBe(0);
  expect(controller.stats()).toMatchObject({ busy: 0, failing: 0 });
});
