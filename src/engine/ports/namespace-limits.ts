/** What a namespace allows, and what a rollout in it would need; straight from the API server. */
import type { DisruptionBudget, PodDemand, Quota } from '../../core/preflight/preflight.ts';
import type { WorkloadReference } from '../../core/workload/workload.ts';

/** Every method throws API_FORBIDDEN where we may not see it. */
export interface NamespaceLimits {
  /** Those that hold for all pods; quotas of some scope alone are left out. */
  quotas(namespace: string, signal: AbortSignal): Promise<readonly Quota[]>;
  disruptionBudgets(namespace: string, signal: AbortSignal): Promise<readonly DisruptionBudget[]>;
  /** Undefined when there is no such workload. */
  demandOf(workload: WorkloadReference, signal: AbortSignal): Promise<PodDemand | undefined>;
}
