import { expect, test } from 'vitest';
import { type WhyView, whySentence } from './why.ts';

const nothing: WhyView = { name: 'web', current: '1.0.0', available: '', waiting: undefined, update: undefined };
const update = { name: 'web-3', brings: '1.1.0', waiting: undefined, failure: undefined } as const;

test.each<[Partial<WhyView>, string]>([
  [{ current: '' }, 'nobody has looked at web yet, so the controller does not run or has not come to it.'],
  [
    { waiting: { reason: 'UpToDate', message: '1.0.0 is the newest of 12 tags' } },
    'web runs 1.0.0, and nothing newer may be taken: 1.0.0 is the newest of 12 tags.',
  ],
  [
    {
      available: '1.1.0',
      waiting: { reason: 'MinimumAge', message: 'it is too young.', until: '2026-01-02T00:00:00Z' },
    },
    'web runs 1.0.0 and does not move to 1.1.0, because it is too young, until 2026-01-02T00:00:00Z.',
  ],
  [
    { current: '', waiting: { reason: 'TargetNotFound', message: 'there is no Deployment web' } },
    'web does not move, because there is no Deployment web.',
  ],
  [
    {
      update: {
        ...update,
        phase: 'Pending',
        waiting: { reason: 'Window', message: 'no window is open', until: 'noon' },
      },
    },
    'web runs 1.0.0 and does not move to 1.1.0 yet, because no window is open, until noon.',
  ],
  [
    { update: { ...update, phase: 'Watching', waiting: { reason: 'Rollout', message: '1 of 3 replicas\n2 wait' } } },
    'web is moving to 1.1.0 (Update web-3): 1 of 3 replicas; 2 wait.',
  ],
  [{ update: { ...update, phase: 'Applying' } }, 'web is moving to 1.1.0 (Update web-3).'],
  [
    { update: { ...update, phase: 'RollingBack', failure: 'CrashLoop: it ends with 1.' } },
    'web goes back from 1.1.0, because CrashLoop: it ends with 1 (Update web-3).',
  ],
  [
    { update: { ...update, phase: 'Succeeded' }, waiting: { reason: 'UpToDate', message: '' } },
    'web runs 1.0.0, and nothing newer may be taken.',
  ],
])('%j', (part, expected) => {
  expect(whySentence({ ...nothing, ...part })).toBe(expected);
});
