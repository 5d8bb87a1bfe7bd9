import type { ContainerChange } from '../deploy/workloads-plan.ts';
import type { UpdatePhase } from '../update/journal.ts';
import { findContainer, type Pod, type Workload } from '../workload/workload.ts';

/** The Update as far as it decides what may go. */
export interface Attempt {
  readonly phase: UpdatePhase;
  /** What was there before the Update never proved itself, or a person wants to leave it. */
  readonly leavesUnproven: boolean;
  readonly containers: readonly ContainerChange[];
}

/**
 * Pods that keep a StatefulSet from going on and that nobody waits for any more.
 *
 * Its controller replaces pods in order and first waits for each to be ready, even for one of a revision that is given
 * up and will never be: setting the template back does not help until somebody deletes that pod (Kubernetes documents
 * it as "forced rollback", kubernetes/kubernetes#67250). A ready pod is never named, and neither is one of a version
 * that may still be wanted.
 */
export function findBlockingPods(workload: Workload, pods: readonly Pod[], attempt: Attempt): readonly Pod[] {
  if (workload.kind !== 'StatefulSet' || !workload.rollout.replacesPods) {
    return [];
  }
  // Before its controller has seen the new template it would make the same pod again.
  if (workload.rollout.observedGeneration !== workload.generation) {
    return [];
  }
  return pods.filter((pod) => !pod.deleting && !isReady(pod) && isGivenUp(pod, attempt));
}

function isReady({ containers }: Pod): boolean {
  return containers.every((container) => container.init || container.ready);
}

function isGivenUp(pod: Pod, attempt: Attempt): boolean {
  return attempt.containers.some((change) => {
    const image = findContainer(pod, change)?.image;
    return image !== undefined && givenUpImages(attempt, change).includes(image);
  });
}

function givenUpImages({ phase, leavesUnproven }: Attempt, change: ContainerChange): readonly string[] {
  const before = leavesUnproven ? [change.before] : [];
  switch (phase) {
    case 'Watching':
    case 'Testing':
      return before.filter((image) => image !== change.after);
    case 'VerifyingRollback':
      return [change.after, ...before].filter((image) => image !== change.restore);
    default:
      return [];
  }
}
