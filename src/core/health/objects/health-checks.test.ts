/** The rows of Flux' own test of its evaluator (fluxcd/pkg, runtime/cel, status_evaluator_test.go), retold, and what differs. */
import { expect, test } from 'vitest';
import { decodeHealthChecks, type HealthCheckWire } from '../../../resources/app/health-check.ts';
import type { Verdict } from '../../cel/time-limit.ts';
import { assessObject } from './assess-object.ts';

const now = new Date('2026-05-04T12:00:00Z');
const flags = { inProgress: 'data.inProgress', failed: 'data.failed', current: 'data.current' };
const usual = {
  inProgress: 'has(status.observedGeneration) && metadata.generation != status.observedGeneration',
  failed: "status.conditions.filter(e, e.type == 'Ready').all(e, e.status == 'False')",
  current: "status.conditions.filter(e, e.type == 'Ready').all(e, e.status == 'True')",
};
const { failed, current } = usual;

function data(inProgress: boolean, isFailed: boolean, isCurrent: boolean) {
  return { data: { inProgress, failed: isFailed, current: isCurrent } };
}

test.each([
  {
    name: 'another generation was seen',
    check: { current: 'true' },
    object: { metadata: { generation: 2 }, status: { observedGeneration: 1 } },
    expected: ['InProgress', 'LatestGenerationNotObserved'],
  },
  {
    name: 'nothing is true',
    check: flags,
    object: data(false, false, false),
    expected: ['InProgress', 'CheckNotCurrent'],
  },
  { name: 'all is true', check: flags, object: data(true, true, true), expected: ['InProgress', 'CheckInProgress'] },
  { name: 'failed and current', check: flags, object: data(false, true, true), expected: ['Failed', 'CheckFailed'] },
  { name: 'only current', check: flags, object: data(false, false, true), expected: ['Current', ''] },
  { name: 'no status, inProgress asks', check: usual, object: {}, expected: ['InProgress', 'CheckFieldMissing'] },
  {
    name: 'no status, failed asks',
    check: { failed, current },
    object: {},
    expected: ['InProgress', 'CheckFieldMissing'],
  },
  { name: 'no conditions', check: usual, object: { status: {} }, expected: ['InProgress', 'CheckFieldMissing'] },
  {
    name: 'empty conditions',
    check: usual,
    object: { status: { conditions: [] } },
    expected: ['Failed', 'CheckFailed'],
  },
  {
    name: 'a name that is mistyped',
    check: { ...flags, current: 'data.currentt' },
    object: data(false, false, true),
    expected: ['InProgress', 'CheckFieldMissing'],
  },
  {
    name: 'another type than expected',
    check: { current: 'data.current > 3' },
    object: data(false, false, true),
    expected: ['Unknown', 'CheckError'],
  },
  {
    name: 'being deleted',
    check: { current: 'true' },
    object: { metadata: { deletionTimestamp: '2026-05-04T11:00:00Z' } },
    expected: ['Terminating', ''],
  },
  {
    name: 'Stalled, of which the check says nothing',
    check: { current: 'true' },
    object: { status: { conditions: [{ type: 'Stalled', status: 'True' }] } },
    expected: ['Current', ''],
  },
])('$name: $expected', ({ check, object, expected }) => {
  const { status, reason } = assess({ apiVersion: 'x.org/v1', kind: 'Thing', ...check }, object);

  expect([status, reason]).toEqual(expected);
});

test.each([
  { what: 'another version of the group', check: { apiVersion: 'x.org/v1beta1', kind: 'Thing' }, status: 'Failed' },
  { what: 'another group', check: { apiVersion: 'y.org/v1', kind: 'Thing' }, status: 'Current' },
  { what: 'another kind', check: { apiVersion: 'x.org/v1', kind: 'Things' }, status: 'Current' },
])('a check of $what: $status', ({ check, status }) => {
  expect(assess({ ...check, failed: 'true', current: 'true' }, {}).status).toBe(status);
});

test('what is missing is named, with the expression', () => {
  const { message } = assess({ apiVersion: 'x.org/v1', kind: 'Thing', current: 'status.ready' }, { status: {} });

  expect(message).toBe('its check current (status.ready): No such key: ready');
});

test('all that is wrong with checks is told at once, each with its field', () => {
  const checks = [
    { apiVersion: 'x.org/v1', kind: 'Thing', failed: 'status.', current: '1' },
    { apiVersion: 'x.org/v2', kind: 'Thing', current: 'true' },
  ];

  expect(() => decodeHealthChecks(checks, 'spec.health.checks')).toThrow(
    /checks\[0\]\.failed: "status\." cannot be used: .*checks\[0\]\.current: "1" cannot be used: its answer is of type int, not bool.*checks\[1\]: Thing of x\.org has a check already, spec\.health\.checks\[0\]/,
  );
});

function assess(check: HealthCheckWire, object: object) {
  const checks = { checks: decodeHealthChecks([check], 'checks'), limit: (_: string, run: () => Verdict) => run() };
  return assessObject({ apiVersion: 'x.org/v1', kind: 'Thing', ...object }, { now, checks });
}
