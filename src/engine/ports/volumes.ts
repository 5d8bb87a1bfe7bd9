/** Claims, their volumes and the snapshots of them. */
import type { KeptVolume, SwappedVolume } from '../../core/checkpoint/checkpoint.ts';
import type { WorkloadReference } from '../../core/workload/workload.ts';

export interface UpdateReference {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

export interface SnapshotRequest extends KeptVolume {
  readonly className: string | undefined;
  readonly app: string;
}

export interface SnapshotState {
  /** The content is fixed, whatever is written from now on. */
  readonly isCut: boolean;
  readonly isReady: boolean;
  readonly sizeBytes: number | undefined;
  /** What its driver or controller says last; it may be tried again. */
  readonly problem: string | undefined;
}

export type PreparedVolume =
  | { readonly kind: 'Ready'; readonly volume: SwappedVolume }
  /** @property message why it is not there yet */
  | { readonly kind: 'Busy'; readonly message: string };

export interface Volumes {
  /**
   * The claims that workloads mount, as the API server has them now.
   *
   * @throws VOLUME_UNUSABLE when a StatefulSet would delete its claims on being scaled to zero
   */
  claimsOf(workloads: readonly WorkloadReference[], signal: AbortSignal): Promise<readonly string[]>;
  /**
   * Looks whether snapshots can be had of these claims at all.
   *
   * @throws VOLUME_UNUSABLE when a claim is not bound or not of a CSI driver, when there is no VolumeSnapshotClass for it, or the
   *   cluster knows no snapshots
   */
  checkSnapshots(
    request: {
      readonly namespace: string;
      readonly claims: readonly string[];
      readonly className: string | undefined;
    },
    signal: AbortSignal,
  ): Promise<void>;
  /** Harmless to repeat: what is there stays. @throws API_INVALID, API_FORBIDDEN, API_REJECTED */
  takeSnapshot(update: UpdateReference, request: SnapshotRequest, signal: AbortSignal): Promise<void>;
  /** @returns undefined when there is none */
  lookAtSnapshot(
    key: { readonly namespace: string; readonly name: string },
    signal: AbortSignal,
  ): Promise<SnapshotState | undefined>;
  /** Harmless to repeat. */
  dropSnapshot(key: { readonly namespace: string; readonly name: string }, signal: AbortSignal): Promise<void>;
  /**
   * Looks whether a claim could get the volume of a snapshot; changes nothing.
   *
   * @throws VOLUME_UNUSABLE when the snapshot is gone or the claim too small for it
   */
  checkRestore(namespace: string, volume: KeptVolume, signal: AbortSignal): Promise<void>;
  /**
   * Makes a volume of the snapshot beside the claim, which stays as it is. Harmless to repeat.
   *
   * @throws VOLUME_UNUSABLE when the claim or the snapshot is gone; API_INVALID, API_FORBIDDEN, API_REJECTED
   */
  prepare(update: UpdateReference, volume: KeptVolume, signal: AbortSignal): Promise<PreparedVolume>;
  /**
   * Gives the claim its new volume, and the broken one a claim of its own. Goes on wherever it was interrupted.
   *
   * @returns what it waits for; undefined when all of it is done
   * @throws VOLUME_UNUSABLE when somebody else took one of the objects away
   */
  swap(
    namespace: string,
    pair: { readonly volume: SwappedVolume; readonly snapshot: string },
    signal: AbortSignal,
  ): Promise<string | undefined>;
}
