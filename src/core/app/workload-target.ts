import type { WorkloadKind } from '../workload/workload.ts';

/** Which workloads, and which of their containers. */
export interface WorkloadTarget {
  /** Undefined: every kind that Headgate knows. */
  readonly kind: WorkloadKind | undefined;
  readonly choose:
    | { readonly by: 'name'; readonly name: string }
    | { readonly by: 'labels'; readonly labels: Readonly<Record<string, string>> };
  /** Empty: the containers whose image comes from one of the sources' repositories. */
  readonly containers: readonly { readonly name: string; readonly source: string }[];
}
