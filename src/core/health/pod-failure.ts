import type { Pod, PodContainer } from '../workload/workload.ts';
import type { FailureReason, Health } from './health.ts';

/**
 * `state.waiting.reason` values of the kubelet that do not get better by waiting, with what they mean for an update.
 * ErrImagePull is not among them: it is the first try, and ImagePullBackOff follows when the second fails as well.
 */
const finalReasons: ReadonlyMap<string, FailureReason> = new Map([
  ['CrashLoopBackOff', 'CrashLoop'],
  ['ImagePullBackOff', 'ImagePull'],
  ['InvalidImageName', 'ImagePull'],
  ['ErrImageNeverPull', 'ImagePull'],
  ['CreateContainerConfigError', 'ContainerConfig'],
  ['CreateContainerError', 'ContainerConfig'],
  ['RunContainerError', 'ContainerConfig'],
]);

/**
 * Finds a pod of the new revision that cannot start, long before a progress deadline would tell.
 *
 * @param images container name -> image of the new revision
 */
export function findPodFailure(pods: readonly Pod[], images: ReadonlyMap<string, string>): Health | undefined {
  for (const pod of pods) {
    if (pod.deleting || !isOfRevision(pod, images)) {
      continue;
    }
    for (const container of pod.containers) {
      const reason = finalReasons.get(container.waitingReason ?? '');
      if (reason) {
        return { kind: 'Failed', reason, message: describe(pod, container) };
      }
    }
  }
  return undefined;
}

/** Every changed container must be there with its new image: labels may also fit pods of another workload. */
function isOfRevision(pod: Pod, images: ReadonlyMap<string, string>): boolean {
  return [...images].every(([name, image]) =>
    pod.containers.some((container) => container.name === name && container.image === image),
  );
}

/** The kubelet's own words on a crash name only the back-off; the exit code says more. */
function describe(pod: Pod, container: PodContainer): string {
  const where = `pod ${pod.name}, container ${container.name}: ${container.waitingReason}`;
  if (container.lastExitCode !== undefined) {
    const times = container.restarts === 1 ? 'once' : `${container.restarts} times`;
    return `${where} after exit code ${container.lastExitCode}, restarted ${times}`;
  }
  return container.message === '' ? where : `${where}: ${container.message}`;
}
