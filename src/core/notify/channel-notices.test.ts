import { expect, test } from 'vitest';
import { later, startOfTest } from '../../../test/fixtures.ts';
import type { Trial } from '../candidate/candidate.ts';
import { noticesOfChannel, type ToldCandidate, type ToldChannel } from './channel-notices.ts';

const nothing: ToldChannel = {
  ...{ uid: 'uid', namespace: 'demo', name: 'stable', soakMs: 600_000, candidate: undefined, ended: [] },
  ...{ waiting: undefined, releases: [], publishing: undefined, signed: undefined },
};
const trial: Trial = {
  ...{ purpose: 'Release', members: ['api', 'web'], soaks: true, startedAt: later(1_000), tests: [], watches: [] },
};
const failed: Trial = {
  ...trial,
  result: { kind: 'Failed', at: later(5_000), message: 'answered 500', blames: [], inSoak: false },
};
const candidate = (change: Partial<ToldCandidate>): ToldChannel['candidate'] => ({
  ...{ number: 3, startedAt: startOfTest, trials: [], faults: [], brought: 'api 2.0.0, web 2.0.0', ...change },
});
const fault = { apps: ['web', 'api'], reason: 'answered 500' };
const ended = { number: 2, endedAt: later(9_000), message: 'so', brought: 'api 2.0.0', faults: [] };
const release = { uid: 'r', name: 'stable-2', changes: 'api 1.0.0 -> 2.0.0', publishedAt: undefined };
const day = 24 * 3_600_000;
const asks = { reason: 'ApprovalRequired', message: 'one of the team' } as const;

test.each<readonly [string, Partial<ToldChannel>, readonly string[]]>([
  ['nothing yet', {}, []],
  [
    'a set is tried',
    { candidate: candidate({ trials: [trial] }) },
    ['Started/3 Info +0s: the new versions are tried together'],
  ],
  [
    'it soaks',
    { candidate: candidate({ trials: [{ ...trial, testedAt: later(4_000) }] }) },
    [
      'Started/3 Info +0s: the new versions are tried together',
      'Soaking/3/0 Info +4s: its tests passed; it has to run well for 10m',
    ],
  ],
  [
    'one that is searched does not soak for a Release',
    { candidate: candidate({ trials: [{ ...trial, purpose: 'Search', testedAt: later(4_000) }] }) },
    ['Started/3 Info +0s: the new versions are tried together'],
  ],
  [
    'two that do not go together, while the rest is tried',
    { candidate: candidate({ trials: [failed], faults: [fault] }) },
    [
      'Started/3 Info +0s: the new versions are tried together',
      'Rejected/3/api+web Error +5s: web and api do not go together: answered 500',
    ],
  ],
  [
    'the same once it has ended',
    { ended: [{ ...ended, number: 3, outcome: 'Rejected', faults: [fault] }] },
    ['Rejected/3/api+web Error +9s: web and api do not go together: answered 500'],
  ],
  [
    'one of them alone',
    { ended: [{ ...ended, outcome: 'Released', faults: [{ apps: ['api'], reason: 'bad' }] }] },
    ['Rejected/2/api Error +9s: api is rejected: bad'],
  ],
  ['not approved in time', { ended: [{ ...ended, outcome: 'Rejected' }] }, ['Rejected/2 Error +9s: so']],
  ['nobody knows', { ended: [{ ...ended, outcome: 'Unclear' }] }, ['Unclear/2 Warning +9s: so']],
  [
    'a person is asked',
    { candidate: candidate({ trials: [failed] }), waiting: asks },
    [
      'Started/3 Info +0s: the new versions are tried together',
      'Waiting/3/ApprovalRequired Warning +5s: ApprovalRequired: one of the team',
    ],
  ],
  ['made and not published yet', { releases: [{ ...release, withdrawn: undefined }] }, []],
  [
    'published, and withdrawn',
    { releases: [{ ...release, publishedAt: later(1_000), withdrawn: { at: later(8_000), reason: 'eats data' } }] },
    ['Released/r Success +1s: stable-2 is published', 'Withdrawn/r Warning +8s: stable-2 is withdrawn: eats data'],
  ],
  [
    'publishing fails for five minutes',
    { publishing: { isGood: false, since: startOfTest, message: 'full' } },
    [`PublishFailed/${startOfTest.toISOString()} Error +300s: full`],
  ],
  [
    'it is published again',
    { publishing: { isGood: true, since: startOfTest, message: '' } },
    [`Published/${startOfTest.toISOString()} Info +0s: what its Releases say is published`],
  ],
])('%s', (_, change, expected) => {
  const told = noticesOfChannel({ ...nothing, ...change });
  const seconds = (at: Date) => (at.getTime() - startOfTest.getTime()) / 1_000;
  expect(
    told.map(({ id, level, at, message }) => `${id.replace('uid/', '')} ${level} +${seconds(at)}s: ${message}`),
  ).toEqual(expected);
});

test('signatures that are not made anew are told before they run out, and the root for a month', () => {
  const signed = { expires: later(3 * day), rootExpires: later(60 * day), lifetimeMs: 3 * day };
  const told = noticesOfChannel({ ...nothing, signed });
  const days = (at: Date) => (at.getTime() - startOfTest.getTime()) / day;
  expect(told.map(({ event, at }) => [event, days(at)])).toEqual([
    ['Expiring', 2],
    ['Expired', 3],
    ...[30, 39, 46, 53, 55, 57, 58, 59].map((at) => ['Expiring', at]),
  ]);
  expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
});
