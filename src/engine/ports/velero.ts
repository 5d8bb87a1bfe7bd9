/** Backups and Restores of Velero, and the claims that they are about. */
import type { MovedVolume, VeleroKept } from '../../core/checkpoint/checkpoint.ts';
import type { VeleroStatus } from '../../core/checkpoint/velero-phases.ts';
import type { UpdateReference } from './volumes.ts';

/** What is asked of Velero. */
export interface VeleroPlace {
  /** Of Velero. */
  readonly namespace: string;
  /** The default one when undefined. */
  readonly storageLocation: string | undefined;
  readonly matchLabels: Readonly<Record<string, string>> | undefined;
}

export interface BackupRequest extends VeleroPlace {
  readonly backup: string;
  readonly app: string;
  readonly moveData: boolean;
  readonly ttlMs: number;
  /** How long what Velero waits for may take. */
  readonly timeoutMs: number;
}

export interface BackupState extends VeleroStatus {
  /** Volumes whose content it keeps. */
  readonly volumes: number;
  /** Claims of the App that it keeps nothing of, as far as that can be told. */
  readonly missing: readonly string[];
  readonly sizeBytes: number | undefined;
}

export interface RestoreRequest {
  readonly namespace: string;
  readonly restore: string;
  readonly backup: string;
  readonly app: string;
  readonly timeoutMs: number;
}

export interface Velero {
  /**
   * Looks whether Velero can keep these claims at all; changes nothing.
   *
   * @returns how many volumes the Backup has to hold
   * @throws VELERO_UNUSABLE when Velero is not there, Headgate may not ask it, or its storage location cannot be used; also when it would
   *   leave out a claim, or hold one besides; VOLUME_UNUSABLE when a claim is not bound or not of a CSI driver
   */
  survey(
    namespace: string,
    request: VeleroPlace & { readonly claims: readonly string[] },
    signal: AbortSignal,
  ): Promise<number>;
  /**
   * The Backup, which is made when it is not there; harmless to repeat.
   *
   * @throws VELERO_UNUSABLE when Velero is not there, or one of that name is of somebody else; API_INVALID, API_REJECTED
   */
  backUp(
    update: UpdateReference,
    request: BackupRequest & { readonly claims: readonly string[] },
    signal: AbortSignal,
  ): Promise<BackupState>;
  /**
   * Asks Velero to delete the Backup with all that it keeps; to delete the object alone would leave the data, and Velero would make the
   * object again. Harmless to repeat.
   */
  drop(kept: VeleroKept, signal: AbortSignal): Promise<void>;
  /**
   * Looks whether the claims could come back; changes nothing.
   *
   * @throws VELERO_UNUSABLE when the Backup is gone, not complete, not of this namespace, or its storage location cannot be read
   */
  checkRestore(namespace: string, kept: VeleroKept, signal: AbortSignal): Promise<void>;
  /**
   * What has to be moved away so that Velero makes these claims: it skips those that are there.
   *
   * @throws VOLUME_UNUSABLE when a claim has no volume yet
   */
  findMoved(update: UpdateReference, claims: readonly string[], signal: AbortSignal): Promise<readonly MovedVolume[]>;
  /**
   * Moves the broken volumes to claims of their own, and deletes what an earlier Restore left unfinished. Goes on wherever it was
   * interrupted.
   *
   * @param place the claims that Velero is to make, and Restores of ours whose claims may go
   * @returns what it waits for; undefined when no claim is there any more
   * @throws VOLUME_UNUSABLE when somebody else made a claim meanwhile, or took one of the volumes away
   */
  moveAway(
    namespace: string,
    place: {
      readonly claims: readonly string[];
      readonly moved: readonly MovedVolume[];
      readonly restores: readonly string[];
    },
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /** @returns undefined when it is not there */
  findRestore(namespace: string, restore: string, signal: AbortSignal): Promise<VeleroStatus | undefined>;
  /** Harmless to repeat. @throws VELERO_UNUSABLE when Velero is not there; API_INVALID, API_REJECTED */
  restore(namespace: string, request: RestoreRequest, signal: AbortSignal): Promise<void>;
  /**
   * After the Restore: whether each claim is there, made by it, with a volume of its own; then the broken volumes get back what becomes
   * of them.
   *
   * @returns what it waits for; undefined when all are
   * @throws VOLUME_UNUSABLE when one is not of the Restore
   */
  settle(
    namespace: string,
    place: {
      readonly claims: readonly string[];
      readonly moved: readonly MovedVolume[];
      readonly restore: string;
    },
    signal: AbortSignal,
  ): Promise<string | undefined>;
}
