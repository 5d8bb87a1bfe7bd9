/** What the engine needs of the nodes of the cluster. */
import type { ClusterNode } from '../../core/workload/placement.ts';

export interface Nodes {
  /**
   * All nodes, from a watched copy that is begun when somebody asks first.
   *
   * @throws API_FORBIDDEN where we may not see nodes, API_UNAVAILABLE while they cannot be read
   */
  list(signal: AbortSignal): Promise<readonly ClusterNode[]>;
}
