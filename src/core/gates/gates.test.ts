import { describe, expect, test } from 'vitest';
import { later, startOfTest } from '../../../test/fixtures.ts';
import { parseCron } from '../schedule/cron.ts';
import type { UpdatePhase } from '../update/journal.ts';
import { type EarlierUpdate, type GateSight, type Gates, judgeGates } from './gates.ts';
import { readVeto } from './veto.ts';

const hourMs = 3_600_000;

function gates(fields: Partial<Gates> = {}): Gates {
  return {
    approvals: undefined,
    windows: [],
    atWindowEnd: 'Finish',
    coolDown: { afterSuccessMs: 0, afterFailureMs: 0 },
    vetoes: [],
    after: [],
    preflight: { checks: undefined, dataVersion: undefined },
    maxRollbacks: 5,
    ...fields,
  };
}

function sight(fields: Partial<GateSight> = {}): GateSight {
  return {
    brings: 'web 1.1.0',
    askedAt: startOfTest,
    approvals: [],
    vetoes: [],
    earlier: [],
    unwell: undefined,
    predecessors: { seen: [], unmatched: [] },
    queue: undefined,
    ...fields,
  };
}

const ended = (name: string, phase: UpdatePhase, finishedAt = startOfTest): EarlierUpdate => ({
  name,
  phase,
  finishedAt,
});
const approvedBy = (...names: readonly string[]) => names.map((by) => ({ by, at: startOfTest }));
const two = gates({ approvals: { required: 2, deadlineMs: 24 * hourMs } });
const cool = gates({ coolDown: { afterSuccessMs: hourMs, afterFailureMs: 6 * hourMs } });
const night = gates({
  windows: [
    {
      kind: 'Allow',
      opens: { times: parseCron('0 2 * * *', 'cron'), offsetAt: () => 0 },
      durationMs: hourMs,
      text: 'night',
    },
  ],
});
const went = (count: number) => Array.from({ length: count }, (_, index) => ended(`web-${9 - index}`, 'RolledBack'));
const veto = (reason: string, until?: Date) => ({ by: 'App web', reason, until });

describe('judgeGates', () => {
  // The test starts at noon.
  test.each([
    { name: 'no gate', gates: gates(), sight: sight(), expected: 'Open' },
    {
      name: 'no approval yet',
      gates: two,
      sight: sight(),
      expected: 'ApprovalRequired until 2026-05-05T12:00:00.000Z',
    },
    {
      name: 'one of two',
      gates: two,
      sight: sight({ approvals: approvedBy('ann') }),
      expected: 'ApprovalRequired until 2026-05-05T12:00:00.000Z',
    },
    {
      name: 'one person twice',
      gates: two,
      sight: sight({ approvals: approvedBy('ann', 'ann') }),
      expected: 'ApprovalRequired until 2026-05-05T12:00:00.000Z',
    },
    { name: 'two people', gates: two, sight: sight({ approvals: approvedBy('ann', 'bob') }), expected: 'Open' },
    {
      name: 'the deadline has passed',
      gates: two,
      sight: sight({ approvals: approvedBy('ann'), askedAt: later(-24 * hourMs) }),
      expected: 'ApprovalExpired',
    },
    {
      name: 'the deadline passes after enough approved',
      gates: two,
      sight: sight({ approvals: approvedBy('ann', 'bob'), askedAt: later(-48 * hourMs) }),
      expected: 'Open',
    },
    {
      name: 'cool-down after success',
      gates: cool,
      sight: sight({ earlier: [ended('web-1', 'Succeeded')] }),
      expected: 'CoolDown until 2026-05-04T13:00:00.000Z',
    },
    {
      name: 'cool-down after failure',
      gates: cool,
      sight: sight({ earlier: [ended('web-1', 'RolledBack')] }),
      expected: 'CoolDown until 2026-05-04T18:00:00.000Z',
    },
    {
      name: 'cool-down counts from what was done',
      gates: cool,
      sight: sight({ earlier: [ended('web-2', 'Cancelled'), ended('web-1', 'Succeeded')] }),
      expected: 'CoolDown until 2026-05-04T13:00:00.000Z',
    },
    {
      name: 'cool-down is over',
      gates: cool,
      sight: sight({ earlier: [ended('web-1', 'Succeeded', later(-hourMs))] }),
      expected: 'Open',
    },
    { name: 'window closed', gates: night, sight: sight(), expected: 'Window until 2026-05-05T02:00:00.000Z' },
    { name: 'a veto', gates: gates(), sight: sight({ vetoes: [veto('busy')] }), expected: 'Veto' },
    {
      name: 'a veto with an end',
      gates: gates(),
      sight: sight({ vetoes: [veto('busy', later(hourMs))] }),
      expected: 'Veto until 2026-05-04T13:00:00.000Z',
    },
    {
      name: 'two vetoes: the later end',
      gates: gates(),
      sight: sight({ vetoes: [veto('busy', later(hourMs)), veto('late', later(2 * hourMs))] }),
      expected: 'Veto until 2026-05-04T14:00:00.000Z',
    },
    {
      name: 'a veto that has ended',
      gates: gates(),
      sight: sight({ vetoes: [veto('busy', later(-1))] }),
      expected: 'Open',
    },
    { name: 'a veto before the approval', gates: two, sight: sight({ vetoes: [veto('busy')] }), expected: 'Veto' },
    { name: 'too many went back', gates: gates(), sight: sight({ earlier: went(5) }), expected: 'TooManyRollbacks' },
    { name: 'four went back', gates: gates(), sight: sight({ earlier: went(4) }), expected: 'Open' },
    {
      name: 'a good one between',
      gates: gates(),
      sight: sight({ earlier: [...went(4), ended('web-2', 'Succeeded'), ...went(3)] }),
      expected: 'Open',
    },
    {
      name: 'cancelled ones between do not count',
      gates: gates(),
      sight: sight({ earlier: [...went(3), ended('web-2', 'Cancelled'), ...went(2)] }),
      expected: 'TooManyRollbacks',
    },
    {
      name: 'too many went back, and a person wants it',
      gates: gates(),
      sight: sight({ earlier: went(5), approvals: approvedBy('ann') }),
      expected: 'Open',
    },
    {
      name: 'others before it',
      gates: gates(),
      sight: sight({ queue: { ahead: 2, limit: 2, where: 'the cluster' } }),
      expected: 'UpdateLimit',
    },
    {
      name: 'its turn',
      gates: gates(),
      sight: sight({ queue: { ahead: 1, limit: 2, where: 'the cluster' } }),
      expected: 'Open',
    },
  ])('$name: $expected', ({ gates: given, sight: seen, expected }) => {
    const answer = judgeGates(given, seen, startOfTest);
    const said =
      answer.kind === 'Open'
        ? 'Open'
        : `${answer.waiting.reason}${answer.waiting.until ? ` until ${answer.waiting.until.toISOString()}` : ''}`;

    expect(said).toBe(expected);
  });
});

describe('readVeto', () => {
  test.each([
    [{}, undefined],
    [{ 'headgate.dev/veto': 'backup runs' }, { by: 'App web', reason: 'backup runs', until: undefined }],
    [{ 'headgate.dev/veto': '' }, { by: 'App web', reason: 'no reason is given', until: undefined }],
    [
      { 'headgate.dev/veto': 'x', 'headgate.dev/veto-until': '2026-05-04T14:00:00+02:00' },
      { by: 'App web', reason: 'x', until: startOfTest },
    ],
    [
      { 'headgate.dev/veto': 'x', 'headgate.dev/veto-until': 'tomorrow' },
      { by: 'App web', reason: expect.stringContaining('"tomorrow"'), until: undefined },
    ],
    [{ 'headgate.dev/veto-until': '2026-05-04T14:00:00Z' }, undefined],
  ])('%j', (annotations, expected) => {
    expect(readVeto(annotations as Record<string, string>, 'App web')).toEqual(expected);
  });
});
