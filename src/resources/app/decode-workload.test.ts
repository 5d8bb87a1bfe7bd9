import { describe, expect, test } from 'vitest';
import { digest } from '../../../test/fixtures.ts';
import { decodePod, decodeWorkload } from './decode-workload.ts';

const metadata = {
  name: 'web',
  namespace: 'demo',
  uid: 'uid-web',
  generation: 3,
  creationTimestamp: '2026-05-04T12:00:00Z',
  labels: { app: 'web' },
  annotations: { 'keel.sh/policy': 'all', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
};
const template = {
  metadata: { creationTimestamp: null, labels: { app: 'web' } },
  spec: {
    containers: [{ name: 'app', image: 'web:1', ports: [{ containerPort: 80 }] }],
    initContainers: [{ name: 'migrate', image: 'web:1', restartPolicy: 'Always' }],
    imagePullSecrets: [{ name: 'pull' }, {}],
    serviceAccountName: 'runner',
  },
};
const selector = { matchLabels: { app: 'web' } };

describe('decodeWorkload', () => {
  test('reads a Deployment', () => {
    const object = {
      metadata,
      spec: { replicas: 3, selector, template, progressDeadlineSeconds: 600, strategy: { type: 'RollingUpdate' } },
      status: {
        observedGeneration: 3,
        replicas: 4,
        updatedReplicas: 2,
        readyReplicas: 3,
        availableReplicas: 1,
        unavailableReplicas: 3,
        conditions: [{ type: 'Available', status: 'True', lastUpdateTime: '2026-05-04T12:00:00Z' }],
      },
    };

    expect(decodeWorkload('Deployment', object)).toEqual({
      kind: 'Deployment',
      namespace: 'demo',
      name: 'web',
      uid: 'uid-web',
      createdAt: new Date('2026-05-04T12:00:00Z'),
      generation: 3,
      deleting: false,
      annotations: { 'keel.sh/policy': 'all' },
      labels: { app: 'web' },
      containers: [
        { name: 'app', image: 'web:1', init: false },
        { name: 'migrate', image: 'web:1', init: true },
      ],
      podSelector: 'app=web',
      pullSecrets: ['pull'],
      serviceAccount: 'runner',
      rollout: {
        observedGeneration: 3,
        wanted: 3,
        total: 4,
        updated: 2,
        ready: 3,
        available: 1,
        conditions: [{ type: 'Available', status: 'True', reason: '', message: '' }],
        replacesPods: true,
        partition: 0,
        paused: false,
        hasProgressDeadline: true,
      },
    });
  });

  test('an object that nobody has looked at yet', () => {
    const { rollout } = decodeWorkload('Deployment', { metadata, spec: { selector, template } });

    expect(rollout).toMatchObject({ observedGeneration: undefined, wanted: 1, total: 0, updated: 0, conditions: [] });
  });

  test.each([
    [undefined, false],
    [600, true],
    [0, true],
    [2_147_483_647, false],
  ])('progressDeadlineSeconds %s: a deadline is %s', (progressDeadlineSeconds, hasProgressDeadline) => {
    const object = {
      metadata,
      spec: { selector, template, ...(progressDeadlineSeconds === undefined ? {} : { progressDeadlineSeconds }) },
    };

    expect(decodeWorkload('Deployment', object).rollout.hasProgressDeadline).toBe(hasProgressDeadline);
  });

  test.each([
    [
      { replicas: 0, paused: true },
      { wanted: 0, paused: true },
    ],
    [{ updateStrategy: { type: 'OnDelete' } }, { replacesPods: false, partition: 0 }],
    [
      { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } },
      { replacesPods: true, partition: 2 },
    ],
    [{ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%' } } }, { partition: 0 }],
  ])('spec %j gives %j', (fields, expected) => {
    const object = { metadata, spec: { selector, template, ...fields } };

    expect(decodeWorkload('StatefulSet', object).rollout).toMatchObject(expected);
  });

  test('a DaemonSet counts nodes', () => {
    const status = {
      observedGeneration: 3,
      currentNumberScheduled: 5,
      desiredNumberScheduled: 6,
      updatedNumberScheduled: 4,
      numberReady: 3,
      numberAvailable: 2,
      numberMisscheduled: 1,
    };

    const { rollout } = decodeWorkload('DaemonSet', { metadata, spec: { selector, template }, status });

    expect(rollout).toMatchObject({ wanted: 6, total: 5, updated: 4, ready: 3, available: 2 });
  });

  test('a CronJob has the containers of its jobs and no pods of its own', () => {
    const object = { metadata, spec: { schedule: '@daily', jobTemplate: { spec: { template } } }, status: {} };

    expect(decodeWorkload('CronJob', object)).toMatchObject({
      kind: 'CronJob',
      podSelector: undefined,
      containers: [{ name: 'app' }, { name: 'migrate' }],
    });
  });

  test.each([
    [{ matchLabels: { app: 'web', tier: '' } }, 'app=web,tier='],
    [{ matchExpressions: [{ key: 'app', operator: 'In', values: ['a', 'b'] }] }, 'app in (a,b)'],
    [{ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['a'] }] }, 'app notin (a)'],
    [{ matchExpressions: [{ key: 'app', operator: 'Exists' }] }, 'app'],
    [{ matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] }, '!app'],
    [{ ...selector, matchExpressions: [{ key: 'tier', operator: 'Exists' }] }, 'app=web,tier'],
  ])('selector %j is asked for as %s', (written, text) => {
    expect(decodeWorkload('Deployment', { metadata, spec: { selector: written, template } }).podSelector).toBe(text);
  });

  test('one that is being deleted says so', () => {
    const object = {
      metadata: { ...metadata, deletionTimestamp: '2026-05-04T13:00:00Z' },
      spec: { selector, template },
    };

    expect(decodeWorkload('Deployment', object).deleting).toBe(true);
  });

  test.each([
    ['Deployment', { metadata, spec: {} }, 'Deployment: spec must have required properties template'],
    ['CronJob', { metadata, spec: { template } }, 'CronJob: spec must have required properties jobTemplate'],
    ['Deployment', { metadata, spec: { template, replicas: '3' } }, 'Deployment: spec.replicas "3" must be integer'],
  ] as const)('refuses %s %j: %s', (kind, object, problem) => {
    expect(() => decodeWorkload(kind, object)).toThrow(
      expect.objectContaining({ code: 'OBJECT_INVALID', message: expect.stringContaining(problem) }),
    );
  });
});

describe('decodePod', () => {
  const containerStatus = { name: 'app', image: 'web:1', imageID: '', restartCount: 0, ready: false, state: {} };

  test('joins spec and status by name', () => {
    const status = {
      phase: 'Running',
      containerStatuses: [
        {
          ...containerStatus,
          restartCount: 4,
          imageID: `docker-pullable://ghcr.io/org/web@${digest('1')}`,
          state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 40s' } },
          lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } },
        },
      ],
      initContainerStatuses: [{ ...containerStatus, name: 'migrate', ready: true, state: { running: {} } }],
    };

    expect(decodePod({ metadata, spec: template.spec, status })).toEqual({
      name: 'web',
      uid: metadata.uid,
      createdAt: new Date('2026-05-04T12:00:00Z'),
      deleting: false,
      containers: [
        {
          name: 'app',
          init: false,
          image: 'web:1',
          runningDigest: digest('1'),
          restarts: 4,
          started: true,
          ready: false,
          waitingReason: 'CrashLoopBackOff',
          message: 'back-off 40s',
          lastExitCode: 137,
        },
        {
          name: 'migrate',
          init: true,
          image: 'web:1',
          runningDigest: undefined,
          restarts: 0,
          started: true,
          ready: true,
          waitingReason: undefined,
          message: '',
          lastExitCode: undefined,
        },
      ],
    });
  });

  test('a pod that no node has taken yet', () => {
    const [container] = decodePod({ metadata, spec: template.spec }).containers;

    expect(container).toMatchObject({
      runningDigest: undefined,
      restarts: 0,
      started: false,
      ready: false,
      waitingReason: undefined,
    });
  });

  test.each([
    [`ghcr.io/org/web@${digest('1')}`, digest('1')],
    [`docker.io/library/web@${digest('a')}`, digest('a')],
    [digest('1'), undefined],
    ['', undefined],
  ])('imageID %s runs %s', (imageID, runningDigest) => {
    const status = { containerStatuses: [{ ...containerStatus, imageID }] };

    expect(decodePod({ metadata, spec: template.spec, status }).containers[0]?.runningDigest).toBe(runningDigest);
  });
});
