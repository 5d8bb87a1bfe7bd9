import type { WorkloadReference } from '../../core/workload/workload.ts';

/** Where it stands how many people have to approve. */
export interface ApprovalSettings {
  /** In `spec.gates.approvals.required`. @throws API_FORBIDDEN, API_REJECTED */
  setOnApp(
    app: { readonly namespace: string; readonly name: string },
    required: number,
    signal: AbortSignal,
  ): Promise<void>;
  /** In Keel's annotation; its label of the same name, which goes before, is taken away. @throws API_FORBIDDEN, API_REJECTED */
  setOnWorkload(workload: WorkloadReference, required: number, signal: AbortSignal): Promise<void>;
}
