/** Which App looks after a workload, where several would. */
import { describeWorkload, type Workload, workloadKey } from '../workload/workload.ts';

export interface Claim {
  readonly app: string;
  readonly createdAt: Date;
  readonly workloads: readonly Workload[];
}

/**
 * The workload that another App claimed before this one, told as a sentence; undefined when there is none.
 *
 * The older App keeps it, and the name decides between two made in the same second, so that all replicas agree.
 */
export function findConflict(mine: Claim, others: readonly Claim[]): string | undefined {
  const own = new Map(mine.workloads.map((workload) => [workloadKey(workload), workload]));
  for (const other of others) {
    if (other.app === mine.app || !isOlder(other, mine)) {
      continue;
    }
    const shared = other.workloads.find((workload) => own.has(workloadKey(workload)));
    if (shared) {
      return `spec.deploy.workloads.targets: ${describeWorkload(shared)} belongs to App "${other.app}" already; narrow one of the two targets`;
    }
  }
  return undefined;
}

function isOlder(left: Claim, right: Claim): boolean {
  const difference = left.createdAt.getTime() - right.createdAt.getTime();
  return difference === 0 ? left.app < right.app : difference < 0;
}
