/** What an Update changes of workloads: images of containers. */
import { versionOfImage } from '../image/version-of-image.ts';
import type { WorkloadKind } from '../workload/workload.ts';

export interface WorkloadsPlan {
  readonly kind: 'Workloads';
  readonly workloads: readonly WorkloadChange[];
}

/** One container of one workload: what stood there, what is set, and what going back sets. */
export interface ContainerChange {
  readonly container: string;
  readonly init: boolean;
  readonly source: string;
  /** As the spec had it when the plan was made. */
  readonly before: string;
  readonly after: string;
  /**
   * What a rollback sets. Usually `before` itself, which lets a Deployment go back to the very ReplicaSet it had; with
   * the digest that ran added where the tag alone no longer names those bits; and what the superseded Update would
   * have set where this one supersedes another, because a version that never proved itself is nothing to go back to.
   */
  readonly restore: string;
  /** What `restore` stands for, where its text does not say it and it was found out. */
  readonly restoreDigest?: string;
}

export interface WorkloadChange {
  readonly kind: WorkloadKind;
  readonly name: string;
  readonly uid: string;
  readonly containers: readonly ContainerChange[];
  /** True once a rollback is exact: every `restore` names a digest or a tag that was checked. */
  readonly reversible: boolean;
}

/** One sentence where going back may bring other bits than ran before; undefined where it brings exactly those. */
export function doubtOfWorkloads({ workloads }: WorkloadsPlan): string | undefined {
  const doubtful = workloads.filter((workload) => !workload.reversible);
  if (doubtful.length === 0) {
    return undefined;
  }
  const names = doubtful.map((workload) => `${workload.kind}/${workload.name}`).join(', ');
  return `${names}: no pod and no registry tells which digest runs, so going back sets the tag and may bring other bits`;
}

/**
 * Digests that going back would bring, where known. A container that had the new version before the Update keeps it
 * on the way back: nothing is brought to it.
 */
export function broughtBackByWorkloads({ workloads }: WorkloadsPlan): readonly string[] {
  return workloads
    .flatMap((workload) => workload.containers)
    .filter((container) => container.restore !== container.after)
    .map((container) => versionOfImage(container.restore).digest ?? container.restoreDigest)
    .filter((digest) => digest !== undefined);
}
