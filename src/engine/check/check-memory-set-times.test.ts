/** When an App with set times is looked at: then, and when something was announced, and never because of anything else. */
import { expect, test } from 'vitest';
import { imageSource, later } from '../../../test/fixtures.ts';
import { OperationError } from '../../core/errors.ts';
import type { Finding } from '../detect/finding.ts';
import { CheckMemory, type SetTimes } from './check-memory.ts';

const app = 'demo/web';
const hour = 3_600_000;

const current = { tag: '1.0.0', digest: undefined };
const upToDate: Finding = { source: imageSource(), current, kind: 'UpToDate' };
const error = new OperationError('503', { code: 'REGISTRY_UNREACHABLE', retry: 'backoff' });
const unavailable: Finding = { source: imageSource(), current, kind: 'Unavailable', error };

const hourly: SetTimes = {
  id: 'hourly',
  next: (after) => new Date((Math.floor(after.getTime() / hour) + 1) * hour),
};
const never: SetTimes = { id: 'webhooks', next: () => undefined };

function memoryAt(options: { atFirstSight?: boolean } = {}) {
  let nowMs = 0;
  const memory = new CheckMemory({ clock: { now: () => later(nowMs) }, random: () => 0, ...options });
  return {
    memory,
    /** What is to be done so many milliseconds after the start; a check that is due is made. */
    look(milliseconds: number, { times = hourly, basis = 'basis', finding = upToDate } = {}) {
      nowMs = milliseconds;
      const answer = memory.recallAtSetTimes(app, basis, times);
      if (answer.kind === 'Due') {
        memory.remember(app, basis, { findings: [finding], intervalMs: 300_000 });
      }
      return answer.kind;
    },
  };
}

test('a process that begins asks nothing before the time has come', () => {
  const { memory, look } = memoryAt();

  expect(look(1_000)).toBe('Pending');
  expect(memory.dueAt(app)).toEqual(later(hour));
  expect(look(hour - 1)).toBe('Pending');
  expect(look(hour)).toBe('Due');
  expect(look(hour + 1)).toBe('Known');
  expect(look(2 * hour - 1)).toBe('Known');
  expect(look(2 * hour)).toBe('Due');
});

test('a pass over everything asks at once', () => {
  expect(memoryAt({ atFirstSight: true }).look(0)).toBe('Due');
});

test('what changed meanwhile is asked about at the next time', () => {
  const { look } = memoryAt();
  look(0);
  look(hour);

  expect(look(hour + 1, { basis: 'another' })).toBe('Pending');
  expect(look(2 * hour, { basis: 'another' })).toBe('Due');
});

test('an announcement is answered at once, and the set time stays', () => {
  const { memory, look } = memoryAt();
  look(0);

  memory.expire(app);

  expect(look(1_000)).toBe('Due');
  expect(look(2_000)).toBe('Known');
  expect(memory.dueAt(app)).toEqual(later(hour));
});

test('without times only announcements count', () => {
  const { memory, look } = memoryAt();
  expect(look(0, { times: never })).toBe('Pending');
  expect(memory.dueAt(app)).toBeUndefined();

  memory.expire(app);

  expect(look(1_000, { times: never })).toBe('Due');
  expect(look(1_000 * hour, { times: never })).toBe('Known');
});

test.each([
  ['set times', hourly, hour],
  ['announcements only', never, 0],
])('a registry that did not answer is asked again soon: %s', (_, times, atMs) => {
  const { memory, look } = memoryAt();
  look(0, { times });
  memory.expire(app);

  expect(look(atMs, { times, finding: unavailable })).toBe('Due');
  expect(memory.dueAt(app)).toEqual(later(atMs + 5_000));
  expect(look(atMs + 4_999, { times })).toBe('Known');
  expect(look(atMs + 5_000, { times })).toBe('Due');
  expect(look(atMs + 20_000, { times })).toBe('Known');
});

test('other times count from now on, and one App does not move those of another', () => {
  const { memory, look } = memoryAt();
  look(0);
  const halfHourly: SetTimes = { id: 'half', next: (after) => new Date(after.getTime() + hour / 2) };
  memory.recallAtSetTimes('demo/other', 'basis', never);

  expect(look(1_000, { times: halfHourly })).toBe('Pending');
  expect(memory.dueAt(app)).toEqual(later(1_000 + hour / 2));
  expect(memory.dueAt('demo/other')).toBeUndefined();

  memory.forgetTurn(app);
  expect(memory.dueAt(app)).toBeUndefined();
});
