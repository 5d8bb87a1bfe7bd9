import { expect, test } from 'vitest';
import { type EndedUpdate, figuresOf } from './figures.ts';
import type { UpdatePhase } from './journal.ts';

const hourMs = 3_600_000;
const now = new Date('2026-05-31T00:00:00Z');
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * hourMs);

/** @param ended hours before now @param lead hours it took @param back hours it went back */
const update = (phase: UpdatePhase, ended: number, lead: number, back?: number): EndedUpdate => ({
  phase,
  createdAt: hoursAgo(ended + lead),
  finishedAt: hoursAgo(ended),
  backAt: back === undefined ? undefined : hoursAgo(ended + back),
});

const none = {
  deployments: 0,
  failed: 0,
  perDay: 0,
  failureShare: undefined,
  leadTimeMs: undefined,
  restoreTimeMs: undefined,
};

test.each<[string, readonly EndedUpdate[], object]>([
  ['nothing', [], none],
  ['one that has not ended', [{ ...update('Watching', 1, 1), finishedAt: undefined }], none],
  ['what put nothing in place', [update('Superseded', 1, 1), update('Cancelled', 2, 1)], none],
  ['what ended before the time', [update('Succeeded', 241, 1)], none],
  [
    'one that succeeded',
    [update('Succeeded', 239, 3)],
    { ...none, deployments: 1, perDay: 0.1, failureShare: 0, leadTimeMs: 3 * hourMs },
  ],
  [
    'the middle of three',
    [update('Succeeded', 1, 9), update('Succeeded', 2, 1), update('Succeeded', 3, 2)],
    { ...none, deployments: 3, perDay: 0.3, failureShare: 0, leadTimeMs: 2 * hourMs },
  ],
  [
    'the middle of two, and one that came back',
    [update('Succeeded', 1, 1), update('Succeeded', 2, 2), update('RolledBack', 3, 5, 0.5)],
    {
      deployments: 3,
      failed: 1,
      perDay: 0.3,
      failureShare: 1 / 3,
      leadTimeMs: 1.5 * hourMs,
      restoreTimeMs: 0.5 * hourMs,
    },
  ],
  [
    'one that failed is not back',
    [update('Failed', 1, 1, 1)],
    { ...none, deployments: 1, failed: 1, perDay: 0.1, failureShare: 1 },
  ],
])('over ten days, %s', (_, updates, figures) => {
  expect(figuresOf(updates, 10, now)).toEqual(figures);
});
