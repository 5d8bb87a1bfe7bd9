import type { Fields } from '../../core/health/objects/fields.ts';
import type { WorkloadReference } from '../../core/workload/workload.ts';

/** Workloads with all their fields, straight from the API server. */
export interface WorkloadObjects {
  /** Undefined when there is no such workload. */
  read(workload: WorkloadReference, signal: AbortSignal): Promise<Fields | undefined>;
}
