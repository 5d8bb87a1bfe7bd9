import { expect, test } from 'vitest';
import { pod, podContainer } from '../../../test/fixtures.ts';
import type { Pod, PodContainer } from '../workload/workload.ts';
import { findPodFailure } from './pod-failure.ts';

const images = new Map([['app', 'web:2']]);

test.each([
  ['CrashLoopBackOff', 'CrashLoop'],
  ['ImagePullBackOff', 'ImagePull'],
  ['InvalidImageName', 'ImagePull'],
  ['ErrImageNeverPull', 'ImagePull'],
  ['CreateContainerConfigError', 'ContainerConfig'],
  ['CreateContainerError', 'ContainerConfig'],
  ['RunContainerError', 'ContainerConfig'],
  ['ErrImagePull', undefined],
  ['ContainerCreating', undefined],
  ['PodInitializing', undefined],
  ['toString', undefined],
  [undefined, undefined],
])('%s -> %s', (waitingReason, reason) => {
  const found = findPodFailure([newPod({ waitingReason })], images);

  expect(found?.kind === 'Failed' ? found.reason : undefined).toBe(reason);
});

const crash = { waitingReason: 'CrashLoopBackOff' };

test.each<[string, boolean, Pod]>([
  ['pod of the new revision', true, newPod(crash)],
  ['pod of the old revision', false, newPod({ ...crash, image: 'web:1' })],
  [
    'pod that is being deleted',
    false,
    pod({ deleting: true, containers: [podContainer({ ...crash, image: 'web:2' })] }),
  ],
  ['init container', true, withSecond({ ...crash, name: 'migrate', init: true })],
  ['container that somebody injected', true, withSecond({ ...crash, name: 'proxy', image: 'proxy:1' })],
  [
    'pod of another workload whose labels fit too',
    false,
    pod({ containers: [podContainer({ ...crash, name: 'worker', image: 'worker:1' })] }),
  ],
  ['pod without any container', false, pod({ containers: [] })],
])('%s in CrashLoopBackOff: failure is %s', (_, isFailure, one) => {
  const found = findPodFailure([newPod({}), one], images);

  expect(found !== undefined).toBe(isFailure);
});

test.each<[Partial<PodContainer>, string]>([
  [
    { ...crash, restarts: 3, message: 'back-off 40s', lastExitCode: 1 },
    'CrashLoopBackOff after exit code 1, restarted 3 times',
  ],
  [{ ...crash, message: 'back-off 40s' }, 'CrashLoopBackOff: back-off 40s'],
  [crash, 'CrashLoopBackOff'],
])('%j is told as pod web-1, container app: %s', (fields, message) => {
  expect(findPodFailure([newPod(fields)], images)).toMatchObject({ message: `pod web-1, container app: ${message}` });
});

test('two containers change: a pod with one of them new is of neither revision', () => {
  const both = new Map([...images, ['sidecar', 'log:2']]);
  const half = withSecond({ ...crash, name: 'sidecar', image: 'log:1' });

  expect(findPodFailure([half], both)).toBeUndefined();
});

function newPod(fields: Partial<PodContainer>): Pod {
  return pod({ containers: [podContainer({ image: 'web:2', ...fields })] });
}

function withSecond(fields: Partial<PodContainer>): Pod {
  return pod({ containers: [podContainer({ image: 'web:2' }), podContainer(fields)] });
}
