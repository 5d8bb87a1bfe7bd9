import { describe, expect, test } from 'vitest';
import { pod, podContainer, rollout, workload } from '../../../test/fixtures.ts';
import type { Rollout, RolloutCondition } from '../workload/workload.ts';
import { assessWorkload, joinHealth } from './assess.ts';

const newReplicaSet = condition('Progressing', 'True', 'NewReplicaSetAvailable');
const available = condition('Available', 'True', 'MinimumReplicasAvailable');
const done = { hasProgressDeadline: true, conditions: [newReplicaSet, available] };

/** Rows of status_compute_test.go (sigs.k8s.io/cli-utils/pkg/kstatus/status) and of the branches of core.go it leaves out. */
describe('Deployment', () => {
  test.each<[string, Partial<Rollout>, string]>([
    ['complete', done, 'Current'],
    ['without status', { ...nothing(), observedGeneration: undefined }, 'InProgress: its controller has not seen'],
    ['generation not observed', { ...done, observedGeneration: 0 }, 'InProgress: its controller has not seen'],
    ['another generation observed', { ...done, observedGeneration: 2 }, 'InProgress: its controller has not seen'],
    [
      'fewer replicas',
      { ...done, total: 1, updated: 1, ready: 1, available: 1 },
      'InProgress: 1 of 2 replicas updated',
    ],
    ['fewer updated', { ...done, updated: 1 }, 'InProgress: 1 of 2 replicas updated'],
    ['old ones left', { ...done, total: 3 }, 'InProgress: 1 replicas still to end'],
    ['too many of the new ones', { ...done, total: 3, updated: 3 }, 'InProgress: 1 replicas still to end'],
    ['fewer available', { ...done, available: 1 }, 'InProgress: 1 of 2 replicas available'],
    ['fewer ready', { ...done, ready: 1 }, 'InProgress: 1 of 2 replicas ready'],
    ['scaled to nothing', { ...done, wanted: 0, total: 0, updated: 0, ready: 0, available: 0 }, 'Current'],
    [
      'Progressing False for some reason',
      { ...done, conditions: [condition('Progressing', 'False', 'SomeReason'), available] },
      'InProgress: its new ReplicaSet is not complete yet',
    ],
    [
      'Progressing, but not complete',
      { ...done, conditions: [condition('Progressing', 'True', 'ReplicaSetUpdated'), available] },
      'InProgress: its new ReplicaSet is not complete yet',
    ],
    ['deadline, but no Progressing', { ...done, conditions: [available] }, 'InProgress: its new ReplicaSet'],
    ['no deadline, no Progressing', { conditions: [available] }, 'Current'],
    [
      'not Available',
      { ...done, conditions: [newReplicaSet, condition('Available', 'False', 'X')] },
      'InProgress: not available yet',
    ],
    ['without Available', { ...done, conditions: [newReplicaSet] }, 'InProgress: not available yet'],
    [
      'progress deadline exceeded',
      { ...done, updated: 1, conditions: [condition('Progressing', 'False', 'ProgressDeadlineExceeded', 'too slow')] },
      'Failed: ProgressDeadline: too slow',
    ],
    [
      'deadline of the former generation exceeded',
      { observedGeneration: 0, conditions: [condition('Progressing', 'False', 'ProgressDeadlineExceeded')] },
      'InProgress: its controller has not seen',
    ],
    [
      'no pod can be made (quota, webhook): passes, so no verdict on the version; the message is shown',
      { ...done, updated: 0, conditions: [condition('ReplicaFailure', 'True', 'FailedCreate', 'exceeded quota')] },
      'InProgress: 0 of 2 replicas updated: exceeded quota',
    ],
    [
      'ReplicaFailure of the past',
      { ...done, conditions: [...done.conditions, condition('ReplicaFailure')] },
      'Current',
    ],
    [
      'paused during the rollout (kstatus: the same, by reason DeploymentPaused)',
      { ...done, updated: 0, paused: true },
      'InProgress: it is paused (spec.paused)',
    ],
  ])('%s, %j -> %s', (_, fields, expected) => {
    expect(assess(workload({ kind: 'Deployment', rollout: rollout(fields) }))).toContain(expected);
  });
});

describe('StatefulSet', () => {
  test.each<[string, Partial<Rollout>, string]>([
    ['complete', {}, 'Current'],
    ['without status', { ...nothing(), observedGeneration: undefined }, 'InProgress: its controller has not seen'],
    ['nothing made yet', nothing(), 'InProgress: 0 of 2 replicas updated'],
    ['fewer ready', { ready: 1 }, 'InProgress: 1 of 2 replicas ready'],
    ['too many', { total: 4, updated: 4 }, 'InProgress: 2 replicas still to end'],
    ['fewer updated (kstatus: compares revisions)', { updated: 1 }, 'InProgress: 1 of 2 replicas updated'],
    ['partition keeps one on the old revision', { partition: 1, updated: 1 }, 'Current'],
    ['partition, above it not all updated', { wanted: 4, total: 4, ready: 4, updated: 1, partition: 2 }, '1 of 2'],
    ['partition keeps all', { partition: 2, updated: 0 }, 'Current'],
    ['partition above the number of replicas', { partition: 9, updated: 0 }, 'Current'],
    ['partition, not all ready', { partition: 1, updated: 1, ready: 1 }, 'InProgress: 1 of 2 replicas ready'],
    ['availability is not asked for', { available: 0 }, 'Current'],
    ['OnDelete', { ...nothing(), replacesPods: false }, 'Current'],
    ['OnDelete, not observed', { replacesPods: false, observedGeneration: 0 }, 'InProgress: its controller'],
  ])('%s, %j -> %s', (_, fields, expected) => {
    expect(assess(workload({ kind: 'StatefulSet', rollout: rollout(fields) }))).toContain(expected);
  });
});

describe('DaemonSet', () => {
  test.each<[string, Partial<Rollout>, string]>([
    ['complete', {}, 'Current'],
    ['without status', { ...nothing(), wanted: 0, observedGeneration: undefined }, 'InProgress: its controller'],
    ['generation not observed', { observedGeneration: 0 }, 'InProgress: its controller has not seen'],
    ['no node wants it', { ...nothing(), wanted: 0 }, 'Current'],
    ['fewer scheduled', { total: 1, updated: 1, ready: 1, available: 1 }, 'InProgress: 1 of 2 replicas updated'],
    ['fewer updated', { updated: 1 }, 'InProgress: 1 of 2 replicas updated'],
    ['fewer available', { available: 1 }, 'InProgress: 1 of 2 replicas available'],
    ['fewer ready', { ready: 1 }, 'InProgress: 1 of 2 replicas ready'],
    ['more scheduled than wanted', { total: 3 }, 'Current'],
    ['OnDelete (kstatus: InProgress until somebody deleted all pods)', { updated: 0, replacesPods: false }, 'Current'],
  ])('%s, %j -> %s', (_, fields, expected) => {
    expect(assess(workload({ kind: 'DaemonSet', rollout: rollout(fields) }))).toContain(expected);
  });
});

describe('any kind', () => {
  test.each<['Deployment' | 'StatefulSet' | 'DaemonSet' | 'CronJob']>([
    ['Deployment'],
    ['StatefulSet'],
    ['DaemonSet'],
    ['CronJob'],
  ])('a %s that is being deleted is InProgress (kstatus: Terminating)', (kind) => {
    expect(assess(workload({ kind, deleting: true }))).toBe('InProgress: it is being deleted');
  });

  test('a CronJob is always Current, its generation has no observer', () => {
    expect(assess(workload({ kind: 'CronJob', generation: 7, rollout: rollout(nothing()) }))).toBe('Current');
  });

  test('a pod that cannot start tells before the controller has looked (kstatus: looks at no pods)', () => {
    const crashing = pod({ containers: [podContainer({ waitingReason: 'CrashLoopBackOff', image: 'web:2' })] });
    const behind = workload({ rollout: rollout({ observedGeneration: 0 }) });

    expect(assessWorkload(behind, [crashing], new Map([['app', 'web:2']]))).toMatchObject({
      kind: 'Failed',
      reason: 'CrashLoop',
    });
  });
});

describe('joinHealth', () => {
  const current = { name: 'Deployment/a', health: { kind: 'Current' } } as const;
  const open = { name: 'Deployment/b', health: { kind: 'InProgress', message: '0 of 1' } } as const;
  const failed = { name: 'Deployment/c', health: { kind: 'Failed', reason: 'CrashLoop', message: 'crash' } } as const;

  test.each([
    [[], { kind: 'Current' }],
    [[current, current], { kind: 'Current' }],
    [[current, open], { kind: 'InProgress', message: 'Deployment/b: 0 of 1' }],
    [[open, open], { kind: 'InProgress', message: 'Deployment/b: 0 of 1; Deployment/b: 0 of 1' }],
    [[open, failed, current], { kind: 'Failed', reason: 'CrashLoop', message: 'Deployment/c: crash' }],
  ])('%j -> %j', (parts, expected) => {
    expect(joinHealth(parts)).toEqual(expected);
  });

  test('of a thousand that are not ready only the first few are named', () => {
    const joined = joinHealth(Array.from({ length: 1_000 }, () => open));

    expect(joined).toMatchObject({ kind: 'InProgress', message: expect.stringMatching(/0 of 1; and 990 more$/) });
  });
});

function assess(of: Parameters<typeof assessWorkload>[0]): string {
  const health = assessWorkload(of, [], new Map());
  switch (health.kind) {
    case 'Current':
      return 'Current';
    case 'InProgress':
      return `InProgress: ${health.message}`;
    case 'Failed':
      return `Failed: ${health.reason}: ${health.message}`;
  }
}

function condition(type: string, status = 'False', reason = '', message = ''): RolloutCondition {
  return { type, status, reason, message };
}

function nothing(): Partial<Rollout> {
  return { total: 0, updated: 0, ready: 0, available: 0 };
}
