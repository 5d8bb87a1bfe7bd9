import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assessObject } from './assess-object.ts';
import type { Fields } from './fields.ts';

const now = new Date('2026-05-04T12:00:00Z');

/**
 * Rows named in camel case are those of kstatus 0.37.2 (status_compute_test.go and core_test.go), with its states and
 * reasons; the others are branches of its core.go without a row. The same rules were also compared with the Go package
 * itself over random objects.
 */
type Row = readonly [name: string, fields: Fields, expected: string];

const seen = { observedGeneration: 1 };

describe('Pod', () => {
  const unplaced = [condition('PodScheduled', 'False', 'Unschedulable', '0/3 nodes are available')];
  const crashed = { name: 'nginx', state: { waiting: { reason: 'CrashLoopBackOff' } } };

  test.each<Row>([
    ['podNoStatus', {}, 'InProgress PodNotObserved'],
    ['podReady', { status: { phase: 'Running', conditions: [condition('Ready', 'True')] } }, 'Current'],
    ['podCompletedOK', { status: { phase: 'Succeeded', conditions: [condition('Ready', 'False')] } }, 'Current'],
    ['podCompletedFail', { status: { phase: 'Failed', conditions: [condition('Ready', 'False')] } }, 'Current'],
    [
      'podBeingScheduled',
      { metadata: { creationTimestamp: '2026-05-04T11:59:46Z' }, status: { phase: 'Pending', conditions: unplaced } },
      'InProgress PodNotScheduled',
    ],
    [
      'longer than the 15 s of the scheduler',
      { metadata: { creationTimestamp: '2026-05-04T11:59:45Z' }, status: { phase: 'Pending', conditions: unplaced } },
      'Failed PodUnschedulable',
    ],
    ['podUnschedulable', { status: { phase: 'Pending', conditions: unplaced } }, 'Failed PodUnschedulable'],
    ['podCrashLooping', { status: { phase: 'Running', containerStatuses: [crashed] } }, 'Failed ContainerCrashLooping'],
    ['starts', { status: { phase: 'Running' } }, 'InProgress PodRunningNotReady'],
    ['pulls', { status: { phase: 'Pending' } }, 'InProgress PodPending'],
    ['node lost', { status: { phase: 'Unknown' } }, 'Unknown PodPhaseUnknown'],
  ])('%s: %j -> %s', (_, fields, expected) => {
    expect(judge('v1', 'Pod', fields)).toBe(expected);
  });
});

describe('StatefulSet', () => {
  const four = { ...seen, replicas: 4, readyReplicas: 4, currentReplicas: 4 };
  const split = (partition: number) => ({ replicas: 4, updateStrategy: { rollingUpdate: { partition } } });

  test.each<Row>([
    ['stsNoStatus', {}, 'InProgress LessReplicas'],
    ['stsBadStatus', { status: { ...seen, currentReplicas: 1 } }, 'InProgress LessReplicas'],
    ['stsOK', { spec: { replicas: 4 }, status: four }, 'Current'],
    ['stsLessReady', { spec: { replicas: 4 }, status: { ...four, readyReplicas: 2 } }, 'InProgress LessReady'],
    ['stsLessCurrent', { spec: { replicas: 4 }, status: { ...four, currentReplicas: 2 } }, 'InProgress LessCurrent'],
    ['stsExtraPods', { spec: { replicas: 4 }, status: { ...four, replicas: 8 } }, 'InProgress ExtraPods'],
    [
      'revisions differ',
      { spec: { replicas: 4 }, status: { ...four, currentRevision: 'a', updateRevision: 'b' } },
      'InProgress RevisionMismatch',
    ],
    [
      'partition, not there yet',
      { spec: split(2), status: { ...four, updatedReplicas: 1 } },
      'InProgress PartitionRollout',
    ],
    [
      'partition done, revisions differ',
      { spec: split(2), status: { ...four, updatedReplicas: 2, updateRevision: 'b' } },
      'Current',
    ],
    ['partition 0 is one', { spec: split(0), status: { ...four, updatedReplicas: 3 } }, 'InProgress PartitionRollout'],
    ['OnDelete', { spec: { updateStrategy: { type: 'OnDelete' } }, status: seen }, 'Current'],
    ['nobody wants it', { spec: { replicas: 0 }, status: seen }, 'Current'],
  ])('%s: %j -> %s', (_, fields, expected) => {
    expect(judge('apps/v1', 'StatefulSet', fields)).toBe(expected);
  });
});

describe('DaemonSet', () => {
  const four = {
    ...seen,
    desiredNumberScheduled: 4,
    currentNumberScheduled: 4,
    updatedNumberScheduled: 4,
    numberAvailable: 4,
    numberReady: 4,
  };

  test.each<Row>([
    ['dsNoStatus', {}, 'InProgress NoObservedGeneration'],
    ['no generation', { metadata: { generation: undefined }, status: four }, 'InProgress NoGeneration'],
    ['dsBadStatus', { status: { ...seen, currentReplicas: 1 } }, 'InProgress NoDesiredNumber'],
    ['dsOK', { status: four }, 'Current'],
    ['dsDifferentGeneration', { metadata: { generation: 2 }, status: four }, 'InProgress LatestGenerationNotObserved'],
    ['dsLessReady', { status: { ...four, numberReady: 2 } }, 'InProgress LessReady'],
    ['dsLessAvailable', { status: { ...four, numberAvailable: 2 } }, 'InProgress LessAvailable'],
    ['fewer updated', { status: { ...four, updatedNumberScheduled: 2 } }, 'InProgress LessUpdated'],
    ['fewer scheduled', { status: { ...four, currentNumberScheduled: 2 } }, 'InProgress LessCurrent'],
    ['no node wants it', { status: { ...seen, desiredNumberScheduled: 0 } }, 'Current'],
    [
      'OnDelete is as any other (assess.ts: Current)',
      { spec: { updateStrategy: { type: 'OnDelete' } }, status: { ...four, updatedNumberScheduled: 2 } },
      'InProgress LessUpdated',
    ],
  ])('%s: %j -> %s', (_, fields, expected) => {
    expect(judge('apps/v1', 'DaemonSet', fields)).toBe(expected);
  });
});

describe('Deployment', () => {
  const complete = condition('Progressing', 'True', 'NewReplicaSetAvailable');
  const available = condition('Available', 'True');
  const one = { ...seen, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1, replicas: 1 };
  const done = { ...one, conditions: [complete, available] };
  const spec = { progressDeadlineSeconds: 45 };

  test.each<Row>([
    ['depNoStatus', {}, 'InProgress LessReplicas'],
    ['depOK', { status: done }, 'Current'],
    [
      'depNotProgressing',
      { spec, status: { ...one, conditions: [condition('Progressing', 'False', 'Some reason'), available] } },
      'InProgress ReplicaSetNotAvailable',
    ],
    ['depNoProgressDeadlineSeconds', { status: { ...one, conditions: [available] } }, 'Current'],
    [
      'the deadline that is none',
      { spec: { progressDeadlineSeconds: 2 ** 31 - 1 }, status: { ...one, conditions: [available] } },
      'Current',
    ],
    [
      'depNotAvailable',
      { status: { ...one, conditions: [complete, condition('Available', 'False')] } },
      'InProgress DeploymentNotAvailable',
    ],
    [
      'deadline passed',
      { spec, status: { ...one, conditions: [condition('Progressing', 'False', 'ProgressDeadlineExceeded')] } },
      'Failed ProgressDeadlineExceeded',
    ],
    [
      'paused: its controller says Progressing Unknown, DeploymentPaused',
      { spec, status: { ...one, conditions: [condition('Progressing', 'Unknown', 'DeploymentPaused'), available] } },
      'InProgress ReplicaSetNotAvailable',
    ],
    ['fewer updated', { status: { ...done, updatedReplicas: 0 } }, 'InProgress LessUpdated'],
    ['old ones left', { status: { ...done, replicas: 2 } }, 'InProgress ExtraPods'],
    ['fewer available', { status: { ...done, availableReplicas: 0 } }, 'InProgress LessAvailable'],
    ['fewer ready', { status: { ...done, readyReplicas: 0 } }, 'InProgress LessReady'],
    ['scaled to nothing', { spec: { replicas: 0 }, status: { ...seen, conditions: [available] } }, 'Current'],
  ])('%s: %j -> %s', (_, fields, expected) => {
    expect(judge('apps/v1', 'Deployment', fields)).toBe(expected);
    expect(judge('extensions/v1beta1', 'Deployment', fields)).toBe(expected);
  });
});

describe('ReplicaSet', () => {
  const two = { ...seen, replicas: 2, readyReplicas: 2, availableReplicas: 2, fullyLabeledReplicas: 2 };
  const spec = { replicas: 2 };

  test.each<Row>([
    ['rsNoStatus', {}, 'InProgress LessLabelled'],
    ['rsOK1', { spec, status: { ...two, conditions: [condition('ReplicaFailure', 'False')] } }, 'Current'],
    ['rsOK2', { spec, status: two }, 'Current'],
    ['rsLessReady', { spec, status: { ...two, readyReplicas: 1 } }, 'InProgress LessReady'],
    ['rsLessAvailable', { spec, status: { ...two, availableReplicas: 1 } }, 'InProgress LessAvailable'],
    [
      'rsReplicaFailure',
      { spec, status: { ...two, conditions: [condition('ReplicaFailure', 'True')] } },
      'InProgress ReplicaFailure',
    ],
    ['too many', { spec, status: { ...two, replicas: 3 } }, 'InProgress ExtraPods'],
  ])('%s: %j -> %s', (_, fields, expected) => {
    expect(judge('apps/v1', 'ReplicaSet', fields)).toBe(expected);
  });
});

describe('Job', () => {
  const running = { startTime: '2019-06-04T01:17:13Z', succeeded: 3, failed: 1, active: 2 };
  const no = [condition('Failed', 'False'), condition('Complete', 'False')];
  const suspended = (status: string) => ({ conditions: [condition('Suspended', status)] });

  test.each<Row>([
    ['jobNoStatus', {}, 'InProgress JobNotStarted'],
    ['jobComplete', { status: { succeeded: 1, active: 0, conditions: [condition('Complete', 'True')] } }, 'Current'],
    [
      'jobFailed',
      {
        spec: { completions: 4 },
        status: { succeeded: 3, failed: 1, conditions: [condition('Failed', 'True', 'JobFailed')] },
      },
      'Failed JobFailed',
    ],
    ['jobInProgress', { spec: { completions: 10, parallelism: 2 }, status: { ...running, conditions: no } }, 'Current'],
    ['suspended as asked for (master)', { spec: { suspend: true }, status: suspended('True') }, 'Current'],
    ['to be suspended (master)', { spec: { suspend: true }, status: suspended('False') }, 'InProgress JobNotStarted'],
    ['to go on (master)', { spec: { suspend: false }, status: suspended('True') }, 'InProgress JobNotStarted'],
    ['going on (master)', { spec: { suspend: false }, status: suspended('False') }, 'InProgress JobNotStarted'],
  ])('%s: %j -> %s', (_, fields, expected) => {
    expect(judge('batch/v1', 'Job', fields)).toBe(expected);
  });

  test.each<Row>([
    ['runs', { status: running }, 'InProgress JobInProgress'],
    ['complete', { status: { ...running, conditions: [condition('Complete', 'True')] } }, 'Current'],
    ['failed', { status: { ...running, conditions: [condition('Failed', 'True')] } }, 'Failed JobFailed'],
    ['suspended', { spec: { suspend: true }, status: suspended('True') }, 'Current'],
  ])('waiting for Jobs, %s: %j -> %s', (_, fields, expected) => {
    expect(judge('batch/v1', 'Job', fields, { waitForJobs: true })).toBe(expected);
  });
});

describe('kinds with little to say', () => {
  const balancer = { type: 'LoadBalancer' };

  test.each<readonly [name: string, apiVersion: string, kind: string, fields: Fields, expected: string]>([
    ['pvcNoStatus', 'v1', 'PersistentVolumeClaim', {}, 'InProgress NotBound'],
    ['pvcBound', 'v1', 'PersistentVolumeClaim', { status: { phase: 'Bound' } }, 'Current'],
    ['waits for a consumer', 'v1', 'PersistentVolumeClaim', { status: { phase: 'Pending' } }, 'InProgress NotBound'],
    ['cronjobNoStatus', 'batch/v1', 'CronJob', {}, 'Current'],
    ['cronjobWithStatus', 'batch/v1', 'CronJob', { status: null }, 'Current'],
    ['configMap', 'v1', 'ConfigMap', { data: {} }, 'Current'],
    ['secret', 'v1', 'Secret', {}, 'Current'],
    ['serviceDefault', 'v1', 'Service', {}, 'Current'],
    ['serviceNodePort', 'v1', 'Service', { spec: { type: 'NodePort' } }, 'Current'],
    ['serviceLBok', 'v1', 'Service', { spec: { ...balancer, clusterIP: '1.2.3.4' } }, 'Current'],
    ['serviceLBnok', 'v1', 'Service', { spec: balancer }, 'InProgress NoIPAssigned'],
    [
      'pdbNotObserved',
      'policy/v1beta1',
      'PodDisruptionBudget',
      { metadata: { generation: 2 }, status: seen },
      'InProgress LatestGenerationNotObserved',
    ],
    ['pdbObserved', 'policy/v1beta1', 'PodDisruptionBudget', { status: seen }, 'Current'],
    ['namespace', 'v1', 'Namespace', {}, 'Current'],
    ['of another group', 'example.org/v1', 'Pod', {}, 'Current'],
  ])('%s: %s %s %j -> %s', (...[, apiVersion, kind, fields, expected]) => {
    expect(judge(apiVersion, kind, fields)).toBe(expected);
  });
});

describe('CustomResourceDefinition', () => {
  const accepted = condition('NamesAccepted', 'True', 'NoConflicts');

  test.each<Row>([
    ['crdNoConditions', {}, 'InProgress Installing'],
    [
      'crdInstalling',
      { status: { conditions: [accepted, condition('Established', 'False', 'Installing')] } },
      'InProgress Installing',
    ],
    [
      'crdNamesNotAccepted',
      { status: { conditions: [condition('NamesAccepted', 'False', 'SomeReason')] } },
      'Failed SomeReason',
    ],
    [
      'crdEstablished',
      { status: { conditions: [accepted, condition('Established', 'True', 'InitialNamesAccepted')] } },
      'Current',
    ],
    [
      'not established for good',
      { status: { conditions: [accepted, condition('Established', 'False', 'NotAccepted')] } },
      'Failed NotAccepted',
    ],
  ])('%s: %j -> %s', (_, fields, expected) => {
    expect(judge('apiextensions.k8s.io/v1', 'CustomResourceDefinition', fields)).toBe(expected);
  });
});

describe('any kind', () => {
  const ready = (status: string, reason = '') => condition('Ready', status, reason);
  const conditions = (...list: unknown[]) => ({ status: { conditions: list } });

  test.each<Row>([
    ['crdNoStatus', {}, 'Current'],
    [
      'crdMismatchStatusGeneration',
      { metadata: { generation: 2 }, status: seen },
      'InProgress LatestGenerationNotObserved',
    ],
    ['crdReady', conditions(ready('True', 'AllOk')), 'Current'],
    ['crdNotReady', { status: { ...seen, conditions: [ready('False', 'NotReadyYet')] } }, 'InProgress NotReadyYet'],
    ['crdNoCondition', conditions(condition('SomeCondition', 'False')), 'Current'],
    ['Ready Unknown', conditions(ready('Unknown', 'Wait')), 'InProgress Wait'],
    ['Ready of no known status', conditions(ready('Perhaps')), 'Current'],
    ['Stalled', conditions(ready('False'), condition('Stalled', 'True', 'BadSpec')), 'Failed BadSpec'],
    ['Stalled no more', conditions(ready('True'), condition('Stalled', 'False', 'BadSpec')), 'Current'],
    [
      'Reconciling, though Ready',
      conditions(ready('True'), condition('Reconciling', 'True', 'Next')),
      'InProgress Next',
    ],
    [
      'Reconciling before Stalled: the first decides',
      conditions(condition('Reconciling', 'True', 'Retry'), condition('Stalled', 'True', 'BadSpec')),
      'InProgress Retry',
    ],
    [
      'Stalled before Reconciling',
      conditions(condition('Stalled', 'True', 'BadSpec'), condition('Reconciling', 'True', 'Retry')),
      'Failed BadSpec',
    ],
    [
      'Stalled in the generation before',
      { metadata: { generation: 2 }, status: { ...seen, conditions: [condition('Stalled', 'True', 'BadSpec')] } },
      'InProgress LatestGenerationNotObserved',
    ],
    ['being deleted', { metadata: { deletionTimestamp: '2026-05-04T11:00:00Z' } }, 'Terminating'],
    [
      'being deleted, with a status that cannot be read',
      { metadata: { deletionTimestamp: '2026-05-04T11:00:00Z' }, status: 'Running' },
      'Terminating',
    ],
    ['not being deleted', { metadata: { deletionTimestamp: null } }, 'Current'],
    ['no generation', { metadata: { generation: undefined }, status: { observedGeneration: 7 } }, 'Current'],
  ])('%s: %j -> %s', (_, fields, expected) => {
    expect(judge('something/v1', 'MyCR', fields)).toBe(expected);
  });

  test.each<Row>([
    ['the deletion', { metadata: { deletionTimestamp: 3 } }, 'metadata.deletionTimestamp is 3, not a text'],
    ['the generation', { metadata: { generation: '1' } }, 'metadata.generation is "1", not a whole number'],
    [
      'the one observed',
      { status: { observedGeneration: 1.5 } },
      'status.observedGeneration is 1.5, not a whole number',
    ],
    ['the status', { status: 'Running' }, 'status is "Running", not a map'],
    ['the conditions', { status: { conditions: {} } }, 'status.conditions is a map, not a list'],
    ['one condition', { status: { conditions: [{}, 'x'] } }, 'status.conditions[1] is "x", not a map'],
    [
      'YAML without quotes',
      { status: { conditions: [{ type: 'Ready', status: true }] } },
      'status.conditions[0].status is true, not a text',
    ],
  ])('Unknown by %s: %j -> %s', (_, fields, expected) => {
    expect(assess('something/v1', 'MyCR', fields)).toEqual({
      status: 'Unknown',
      reason: 'FieldInvalid',
      message: expected,
    });
  });
});

/** What kstatus calls Current, because nothing is known of it (kustomize-controller#387). */
describe('a kind known to report a status, before its controller has seen the object', () => {
  test.each<readonly [apiVersion: string, kind: string, fields: Fields, expected: string]>([
    ['kustomize.toolkit.fluxcd.io/v1', 'Kustomization', {}, 'InProgress NoStatus'],
    [
      'helm.toolkit.fluxcd.io/v2',
      'HelmRelease',
      { status: { observedGeneration: -1 } },
      'InProgress LatestGenerationNotObserved',
    ],
    ['source.toolkit.fluxcd.io/v1', 'GitRepository', { status: {} }, 'InProgress NoStatus'],
    ['source.toolkit.fluxcd.io/v1', 'GitRepository', { spec: { suspend: true } }, 'Current'],
    ['source.toolkit.fluxcd.io/v1', 'GitRepository', { status: seen }, 'Current'],
    ['notification.toolkit.fluxcd.io/v1beta3', 'Alert', {}, 'Current'],
    ['cert-manager.io/v1', 'Certificate', {}, 'InProgress NoStatus'],
    ['cert-manager.io/v1', 'Certificate', { status: { conditions: [condition('Ready', 'True')] } }, 'Current'],
    ['headgate.dev/v1alpha1', 'App', {}, 'InProgress NoStatus'],
    ['policy/v1', 'PodDisruptionBudget', {}, 'InProgress NoStatus'],
    ['apps/v1', 'StatefulSet', { spec: { replicas: 0 } }, 'InProgress NoStatus'],
    ['apps/v1', 'StatefulSet', { spec: { updateStrategy: { type: 'OnDelete' } } }, 'InProgress NoStatus'],
    ['apps/v1', 'ReplicaSet', { spec: { replicas: 0 } }, 'InProgress NoStatus'],
  ])('%s %s: %j -> %s', (apiVersion, kind, fields, expected) => {
    expect(judge(apiVersion, kind, fields)).toBe(expected);
  });
});

test('a message of a condition that is too long to print is cut', () => {
  const endless = condition('Stalled', 'True', 'r'.repeat(100_000), 'm'.repeat(100_000));
  const { reason, message } = assess('something/v1', 'MyCR', { status: { conditions: [endless] } });

  expect(reason.length + message.length).toBeLessThan(20_000);
});

const kinds = [
  'v1/Pod',
  'v1/Service',
  'v1/PersistentVolumeClaim',
  'apps/v1/StatefulSet',
  'apps/v1/DaemonSet',
  'apps/v1/Deployment',
  'apps/v1/ReplicaSet',
  'batch/v1/Job',
  'apiextensions.k8s.io/v1/CustomResourceDefinition',
  'cert-manager.io/v1/Certificate',
];

test('any JSON has a state, a reason and a message, whatever stands in the fields that rules read', () => {
  const any = fc.jsonValue({ maxDepth: 4 });
  const names = [
    'replicas',
    'readyReplicas',
    'phase',
    'conditions',
    'containerStatuses',
    'observedGeneration',
    'startTime',
  ];
  const status = fc.oneof(any, fc.dictionary(fc.constantFrom(...names), any));
  const object = fc.record({ metadata: any, spec: any, status });

  fc.assert(
    fc.property(fc.constantFrom(...kinds), object, any, (kind, fields, junk) => {
      const [, apiVersion = '', name = ''] = /^(.*)\/(\w+)$/.exec(kind) ?? [];
      for (const one of [{ apiVersion, kind: name, ...fields }, junk]) {
        const health = assessObject(typeof one === 'object' && one !== null ? { ...one } : { value: one }, { now });

        expect(['Current', 'InProgress', 'Failed', 'Terminating', 'Unknown']).toContain(health.status);
        expect(typeof health.reason).toBe('string');
        expect(typeof health.message).toBe('string');
      }
    }),
    { numRuns: 2_000 },
  );
});

function assess(apiVersion: string, kind: string, fields: Fields, options: { waitForJobs?: boolean } = {}) {
  const { metadata, ...others } = fields;
  const named = { name: 'test', namespace: 'qual', generation: 1, ...(typeof metadata === 'object' ? metadata : {}) };
  return assessObject({ apiVersion, kind, metadata: named, ...others }, { now, ...options });
}

function judge(...parameters: Parameters<typeof assess>): string {
  const { status, reason } = assess(...parameters);
  return `${status} ${reason}`.trimEnd();
}

function condition(type: string, status: string, reason = '', message = '') {
  return { type, status, reason, message };
}
