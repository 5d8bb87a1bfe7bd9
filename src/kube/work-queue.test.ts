import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../../test/kube/manual-clock.ts';
import { createWorkQueue, type WorkQueue } from './work-queue.ts';

const never = new AbortController().signal;
const middle = () => 0.5;

type Step =
  | { readonly do: 'add' | 'retry' | 'forget'; readonly key: string }
  | { readonly do: 'addAfter'; readonly key: string; readonly ms: number }
  | { readonly do: 'advance'; readonly ms: number }
  | { readonly do: 'take' | 'done' };

const keys = fc.constantFrom('a', 'b', 'c', 'd');
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constantFrom('add' as const, 'retry' as const, 'forget' as const), key: keys }),
    fc.record({ do: fc.constant('addAfter' as const), key: keys, ms: fc.integer({ min: -5, max: 5_000 }) }),
    fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 3_000 }) }),
    fc.record({ do: fc.constantFrom('take' as const, 'done' as const) }),
  ),
  { maxLength: 80 },
);

/** Runs steps against a queue and writes down what a worker could notice. */
function createTrial() {
  const clock = createManualClock();
  const queue = createWorkQueue({ clock, random: middle });
  const busy: string[] = [];
  /** Number of the last request for a key, and of the last request that a taken key has seen. */
  const asked = new Map<string, number>();
  const seen = new Map<string, number>();
  let count = 0;

  async function take(): Promise<void> {
    if (queue.stats().ready === 0) {
      return;
    }
    const key = await queue.take(never);
    if (key === undefined) {
      throw new Error('no key although one was ready');
    }
    expect(busy, 'a key is never with two workers').not.toContain(key);
    busy.push(key);
    seen.set(key, count);
  }

  function ask(key: string): void {
    count += 1;
    asked.set(key, count);
  }

  async function run(step: Step): Promise<void> {
    switch (step.do) {
      case 'add':
        ask(step.key);
        queue.add(step.key);
        break;
      case 'addAfter':
        ask(step.key);
        queue.addAfter(step.key, step.ms);
        break;
      case 'retry':
        ask(step.key);
        queue.retry(step.key);
        break;
      case 'forget':
        queue.forget(step.key);
        break;
      case 'advance':
        await clock.advance(step.ms);
        break;
      case 'take':
        await take();
        break;
      case 'done': {
        const key = busy.shift();
        if (key !== undefined) {
          queue.done(key);
        }
        break;
      }
    }
  }

  async function drain(): Promise<number> {
    let taken = 0;
    await clock.advance(1_000_000);
    while (busy.length > 0 || queue.stats().ready > 0) {
      await take();
      taken += 1;
      await run({ do: 'done' });
    }
    return taken;
  }

  return { queue, clock, run, drain, asked, seen };
}

describe('any order of steps', () => {
  test('loses no request, gives a key to one worker at a time, and comes to rest', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const trial = createTrial();

        for (const step of sequence) {
          await trial.run(step);
        }
        const taken = await trial.drain();

        for (const [key, number] of trial.asked) {
          expect(trial.seen.get(key) ?? 0, `request ${number} for ${key} was seen`).toBeGreaterThanOrEqual(number);
        }
        expect(taken, 'waiting requests for one key are one').toBeLessThanOrEqual(12);
        expect(trial.queue.stats()).toMatchObject({ ready: 0, delayed: 0, busy: 0, oldestReadyMs: 0 });
        expect(trial.clock.timers).toBe(0);
      }),
    );
  });

  test('delayed keys come in the order of their times', async () => {
    const delays = fc.uniqueArray(
      fc.record({ key: fc.string({ minLength: 1 }), ms: fc.integer({ min: 1, max: 10_000 }) }),
      {
        selector: (entry) => entry.key,
        maxLength: 200,
      },
    );
    await fc.assert(
      fc.asyncProperty(delays, async (entries) => {
        const clock = createManualClock();
        const queue = createWorkQueue({ clock });
        for (const { key, ms } of entries) {
          queue.addAfter(key, ms + 1);
          queue.addAfter(key, ms);
          queue.addAfter(key, ms + 2);
        }

        await clock.advance(10_000);
        const order = await takeAll(queue);

        const expected = entries.map(({ key, ms }) => ({ key, ms })).sort((a, b) => a.ms - b.ms);
        expect(order.length).toBe(entries.length);
        expect(order.map((key) => entries.find((entry) => entry.key === key)?.ms)).toEqual(
          expected.map(({ ms }) => ms),
        );
      }),
    );
  });
});

async function takeAll(queue: WorkQueue): Promise<string[]> {
  const order: string[] = [];
  while (queue.stats().ready > 0) {
    const key = (await queue.take(never)) ?? '';
    order.push(key);
    queue.done(key);
  }
  return order;
}

describe('one key', () => {
  test('added while busy comes again after done, once', async () => {
    const queue = createWorkQueue({ clock: createManualClock() });
    queue.add('a');
    await queue.take(never);

    queue.add('a');
    queue.add('a');

    expect(queue.stats()).toMatchObject({ ready: 0, busy: 1 });
    queue.done('a');
    expect(await takeAll(queue)).toEqual(['a']);
  });

  test.each([
    { retries: 1, expectedMs: 1_000 },
    { retries: 2, expectedMs: 2_000 },
    { retries: 5, expectedMs: 16_000 },
    { retries: 9, expectedMs: 256_000 },
    { retries: 10, expectedMs: 300_000 },
    { retries: 1_000, expectedMs: 300_000 },
  ])('retry number $retries waits $expectedMs ms', ({ retries, expectedMs }) => {
    const queue = createWorkQueue({ clock: createManualClock(), random: middle });

    const delays = Array.from({ length: retries }, () => queue.retry('a'));

    expect(delays.at(-1)).toBe(expectedMs);
  });

  test('forget starts the backoff over', () => {
    const queue = createWorkQueue({ clock: createManualClock(), random: middle });
    queue.retry('a');
    queue.retry('a');

    queue.forget('a');

    expect(queue.retry('a')).toBe(1_000);
  });

  test('backoff is spread by a fifth in both directions', () => {
    const waits = [0, 0.999_999].map((value) =>
      createWorkQueue({ clock: createManualClock(), random: () => value }).retry('a'),
    );

    expect(waits[0]).toBeCloseTo(800, 0);
    expect(waits[1]).toBeCloseTo(1_200, 0);
  });
});

describe('take', () => {
  test('an aborted worker leaves the key to the next', async () => {
    const queue = createWorkQueue({ clock: createManualClock() });
    const first = new AbortController();
    const aborted = queue.take(first.signal);
    const waiting = queue.take(never);

    queue.add('a');
    first.abort();
    const second = queue.stats().ready === 0 ? undefined : await waiting;

    expect([await aborted, second].filter((key) => key !== undefined)).toEqual(['a']);
  });

  test('tells how long the key was ready', async () => {
    const clock = createManualClock();
    const waits: number[] = [];
    const queue = createWorkQueue({ clock, onTake: (_key, waitedMs) => waits.push(waitedMs) });
    queue.add('a');

    await clock.advance(70);
    expect(queue.stats().oldestReadyMs).toBe(70);
    await queue.take(never);

    expect(waits).toEqual([70]);
  });
});

test('idle waits for the busy key and its second round, not for delayed keys', async () => {
  const queue = createWorkQueue({ clock: createManualClock() });
  let isIdle = false;
  queue.addAfter('later', 1_000);
  queue.add('a');
  await queue.take(never);
  queue.add('a');

  const idle = queue.idle().then(() => {
    isIdle = true;
  });
  queue.done('a');
  await queue.take(never);
  expect(isIdle).toBe(false);
  queue.done('a');
  await idle;

  expect(queue.stats().delayed).toBe(1);
});

test('close leaves no timer', () => {
  const clock = createManualClock();
  const queue = createWorkQueue({ clock });
  queue.addAfter('a', 1_000);

  queue.close();
  queue.addAfter('b', 10);

  expect(clock.timers).toBe(0);
});
