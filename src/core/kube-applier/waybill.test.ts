import { describe, expect, test } from 'vitest';
import { later, startOfTest } from '../../../test/fixtures.ts';
import { dueRun, mayPrune, touches, type Waybill } from './waybill.ts';

const hourMs = 3_600_000;

function waybill(fields: Partial<Waybill> = {}): Waybill {
  return {
    namespace: 'team',
    name: 'main',
    uid: 'uid',
    resourceVersion: '1',
    autoApply: true,
    delegateSecret: 'kube-applier-delegate-token',
    dryRun: false,
    prune: true,
    pruneClusterResources: false,
    pruneBlacklist: [],
    path: 'team',
    runIntervalMs: hourMs,
    runTimeoutMs: 900_000,
    problems: [],
    lastRun: undefined,
    ...fields,
  };
}

const ranAt = (startedAt: Date): Partial<Waybill> => ({
  lastRun: {
    ...{ command: 'headgate apply', commit: 'abc', errorMessage: '', output: '', success: true, type: 'Scheduled run' },
    startedAt,
    finishedAt: startedAt,
  },
});
const nothing = { isForced: false, isChanged: false };

describe('dueRun', () => {
  test.each([
    { name: 'never run', of: waybill(), seen: nothing, due: 'Scheduled run' },
    { name: 'the interval has passed', of: waybill(ranAt(later(-hourMs))), seen: nothing, due: 'Scheduled run' },
    { name: 'the interval has not passed', of: waybill(ranAt(later(1 - hourMs))), seen: nothing, due: undefined },
    {
      name: 'a commit touches it',
      of: waybill(ranAt(startOfTest)),
      seen: { ...nothing, isChanged: true },
      due: 'Git polling run',
    },
    {
      name: 'asked for',
      of: waybill(ranAt(startOfTest)),
      seen: { isForced: true, isChanged: true },
      due: 'Forced run',
    },
    { name: 'not by itself', of: waybill({ autoApply: false }), seen: { ...nothing, isChanged: true }, due: undefined },
    {
      name: 'not by itself, but asked for',
      of: waybill({ autoApply: false }),
      seen: { ...nothing, isForced: true },
      due: 'Forced run',
    },
  ])('$name: $due', ({ of, seen, due }) => {
    expect(dueRun(of, seen, startOfTest)).toBe(due);
  });
});

test.each([
  ['team', ['team/a.yaml'], true],
  ['team', ['team-b/a.yaml', 'other/team/a.yaml'], false],
  ['team/web', ['team/a.yaml'], false],
  ['', ['anything'], true],
  ['team', [], false],
])('folder %j is touched by %j: %s', (path, files, expected) => {
  expect(touches({ path }, files)).toBe(expected);
});

test.each([
  [{}, { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'team' }, true],
  [{ prune: false }, { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'team' }, false],
  [{ pruneBlacklist: ['core/v1/ConfigMap'] }, { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'team' }, false],
  [{ pruneBlacklist: ['apps/v1/Deployment'] }, { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'team' }, false],
  [{}, { apiVersion: 'v1', kind: 'Namespace', namespace: '' }, false],
  [{ pruneClusterResources: true }, { apiVersion: 'v1', kind: 'Namespace', namespace: '' }, true],
  [{}, { apiVersion: 'apps/v1', kind: 'ControllerRevision', namespace: 'team' }, false],
])('%j may prune %j: %s', (fields, object, expected) => {
  expect(mayPrune(waybill(fields), object)).toBe(expected);
});
