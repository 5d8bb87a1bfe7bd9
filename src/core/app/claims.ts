/** Which App looks after a workload, where several would. */
import { describeWorkload, type Workload, workloadKey } from '../workload/workload.ts';

export interface Claim {
  readonly app: string;
  readonly createdAt: Date;
  /** Made for a workload with annotations of another updater: it makes way for an App that a person made. */
  readonly adopted: boolean;
  readonly workloads: readonly Workload[];
}

/**
 * The workload that another App claimed before this one, told as a sentence; undefined when there is none.
 *
 * What a person made goes before what was made of annotations; of two alike the older App keeps it, and the name decides between two made in the same second, so that all replicas agree.
 */
export function findConflict(mine: Claim, others: readonly Claim[]): string | undefined {
  const own = new Map(mine.workloads.map((workload) => [workloadKey(workload), workload]));
  for (const other of others) {
    if (other.app === mine.app || !goesBefore(other, mine)) {
      continue;
    }
    const shared = other.workloads.find((workload) => own.has(workloadKey(workload)));
    if (shared) {
      return `spec.deploy.workloads.targets: ${describeWorkload(shared)} belongs to App "${other.app}" already; narrow one of the two targets`;
    }
  }
  return undefined;
}

function goesBefore(left: Claim, right: Claim): boolean {
  if (left.adopted !== right.adopted) {
    return right.adopted;
  }
  const difference = left.createdAt.getTime() - right.createdAt.getTime();
  return difference === 0 ? left.app < right.app : difference < 0;
}
