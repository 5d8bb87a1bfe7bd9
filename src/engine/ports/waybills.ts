/** Waybills of the cluster, and what they name. */
import type { Waybill, WaybillRun } from '../../core/kube-applier/waybill.ts';
import type { ClusterObjects } from './cluster-objects.ts';

export interface Waybills {
  /** From a watched copy. */
  list(): readonly Waybill[];
  /** @throws API_CONFLICT never: it is written over whatever stands there */
  writeRun(waybill: Waybill, run: WaybillRun, signal: AbortSignal): Promise<void>;
  /**
   * Uses the cluster in the name of the Waybill's delegate.
   *
   * @throws SECRET_NOT_FOUND, SECRET_INVALID when its Secret is not there or no token of a ServiceAccount
   */
  asDelegate<T>(waybill: Waybill, use: (cluster: ClusterObjects) => Promise<T>, signal: AbortSignal): Promise<T>;
}
