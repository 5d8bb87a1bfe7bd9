/** Where the objects of an App are kept with a checkpoint: Secrets beside it. */
import type { WorkloadReference } from '../../core/workload/workload.ts';

export interface KeptObjects {
  /** Name of the Secret. */
  readonly name: string;
  /** By the clock of the API server. */
  readonly createdAt: Date;
  /** What was too large or not there, one sentence each. */
  readonly leftOut: readonly string[];
}

export interface CheckpointOwner {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** A workload, and how many replicas it is kept with where it stands still meanwhile. */
export interface KeptWorkload extends WorkloadReference {
  readonly replicas?: number | undefined;
}

export interface CheckpointStore {
  /**
   * Writes the objects as the API server has them now into a Secret of the Update, which goes with it: the workloads, the claims that they
   * mount, the ConfigMaps and Secrets that they name, and the Services that lead to them. Harmless to repeat: what is there stays as it is.
   *
   * @param release Helm's own record of a release, which is kept beside them
   * @throws API_FORBIDDEN, API_INVALID
   */
  keepObjects(
    update: CheckpointOwner,
    workloads: readonly KeptWorkload[],
    release: { readonly name: string; readonly revision: number } | undefined,
    signal: AbortSignal,
  ): Promise<KeptObjects>;
  /** Harmless to repeat. */
  dropObjects(update: { readonly namespace: string; readonly name: string }, signal: AbortSignal): Promise<void>;
}
