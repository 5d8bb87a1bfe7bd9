/** AnalysisTemplates and ClusterAnalysisTemplates of Argo Rollouts. */
import type { Fields } from '../../core/health/objects/fields.ts';

export interface AnalysisTemplates {
  /**
   * The object; undefined when there is none, or no such kind.
   *
   * @param namespace undefined: of the whole cluster
   * @throws API_FORBIDDEN, and errors of the API server that pass
   */
  find(namespace: string | undefined, name: string, signal: AbortSignal): Promise<Fields | undefined>;
}
