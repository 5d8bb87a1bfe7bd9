import { describe, expect, test } from 'vitest';
import { assessDeployedObject } from './deployed-object.ts';

const now = new Date('2026-05-04T12:00:00Z');
const source = { repoURL: 'https://charts.example.org', chart: 'web', targetRevision: '2' };
const former = { ...source, targetRevision: '1' };
const synced = { status: 'Synced', comparedTo: { source } };
const healthy = { status: 'Healthy' };

describe('Application of Argo CD', () => {
  test.each([
    { name: 'synced and healthy', status: { sync: synced, health: healthy }, expected: 'Current' },
    { name: 'no status yet', status: {}, expected: 'InProgress NotCompared' },
    {
      name: 'compared with the former',
      status: { sync: { ...synced, comparedTo: { source: former } }, health: healthy },
      expected: 'InProgress NotCompared',
    },
    {
      name: 'out of sync',
      status: { sync: { ...synced, status: 'OutOfSync' }, health: healthy },
      expected: 'InProgress OutOfSync: sync is OutOfSync; it does not sync by itself',
    },
    {
      name: 'syncing',
      status: { sync: synced, health: healthy, operationState: { phase: 'Running', message: 'waiting' } },
      expected: 'InProgress Syncing: waiting',
    },
    {
      name: 'sync failed',
      status: {
        sync: synced,
        health: healthy,
        operationState: { phase: 'Failed', message: 'no', syncResult: { source } },
      },
      expected: 'Failed SyncFailed: no',
    },
    {
      name: 'an older sync failed',
      status: {
        sync: synced,
        health: healthy,
        operationState: { phase: 'Failed', message: 'no', syncResult: { source: former } },
      },
      expected: 'Current',
    },
    {
      name: 'progressing',
      status: { sync: synced, health: { status: 'Progressing' } },
      expected: 'InProgress Progressing',
    },
    {
      name: 'degraded',
      status: { sync: synced, health: { status: 'Degraded', message: 'crash' } },
      expected: 'Failed Degraded: crash',
    },
    { name: 'suspended', status: { sync: synced, health: { status: 'Suspended' } }, expected: 'InProgress Suspended' },
  ])('$name: $expected', ({ status, expected }) => {
    const application = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', spec: { source }, status };

    expect(say(application)).toMatch(new RegExp(`^${expected}`));
  });

  test('an operation that was asked for and has not begun', () => {
    const application = {
      ...{ apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', spec: { sources: [source] } },
      operation: { sync: {} },
      status: { sync: { status: 'Synced', comparedTo: { sources: [source] } }, health: healthy },
    };

    expect(say(application)).toMatch(/^InProgress Syncing/);
  });
});

describe('Plan of the system-upgrade-controller', () => {
  const complete = (status: string, reason = '') => ({ type: 'Complete', status, reason, message: 'said' });
  test.each([
    { name: 'complete', status: { latestVersion: 'v2-k3s1', conditions: [complete('True')] }, expected: 'Current' },
    {
      name: 'complete for another version',
      status: { latestVersion: 'v1-k3s1', conditions: [complete('True')] },
      expected: 'InProgress NotResolved',
    },
    { name: 'nothing yet', status: {}, expected: 'InProgress NotResolved' },
    {
      name: 'applying',
      status: { latestVersion: 'v2-k3s1', applying: ['a', 'b'] },
      expected: 'InProgress Applying: it is applied to a, b',
    },
    {
      name: 'complete, but still applying',
      status: { latestVersion: 'v2-k3s1', applying: ['a'], conditions: [complete('True')] },
      expected: 'InProgress Applying',
    },
    {
      name: 'a Job failed',
      status: { latestVersion: 'v2-k3s1', conditions: [complete('False', 'JobFailed')] },
      expected: 'Failed JobFailed: said',
    },
    {
      name: 'Jobs at work',
      status: { latestVersion: 'v2-k3s1', conditions: [complete('False', 'SyncJob')] },
      expected: 'InProgress Applying: said',
    },
    {
      name: 'not valid',
      status: { conditions: [{ type: 'Validated', status: 'False', reason: 'Error', message: 'bad drain' }] },
      expected: 'Failed Validated: bad drain',
    },
    { name: 'unreadable', status: { conditions: {} }, expected: 'InProgress FieldInvalid' },
  ])('$name: $expected', ({ status, expected }) => {
    const plan = { apiVersion: 'upgrade.cattle.io/v1', kind: 'Plan', spec: { version: 'v2+k3s1' }, status };

    expect(say(plan)).toMatch(new RegExp(`^${expected}`));
  });
});

describe('any other kind, by kstatus', () => {
  const stalled = { type: 'Stalled', status: 'True', reason: 'RetriesExceeded', message: 'no' };
  test.each([
    { name: 'ready', conditions: [{ type: 'Ready', status: 'True' }], observedGeneration: 2, expected: 'Current' },
    {
      name: 'an older generation',
      conditions: [{ type: 'Ready', status: 'True' }],
      observedGeneration: 1,
      expected: 'InProgress LatestGenerationNotObserved',
    },
    { name: 'stalled', conditions: [stalled], observedGeneration: 2, expected: 'Failed RetriesExceeded: no' },
  ])('$name: $expected', ({ conditions, observedGeneration, expected }) => {
    const release = {
      ...{ apiVersion: 'helm.toolkit.fluxcd.io/v2', kind: 'HelmRelease', metadata: { generation: 2 } },
      status: { conditions, observedGeneration },
    };

    expect(say(release)).toMatch(new RegExp(`^${expected}`));
  });
});

function say(object: Parameters<typeof assessDeployedObject>[0]): string {
  const health = assessDeployedObject(object, { now });
  return health.kind === 'Current' ? health.kind : `${health.kind} ${health.message}`;
}
