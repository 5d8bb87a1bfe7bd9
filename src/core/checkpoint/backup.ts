/** How an App asks for its data to be kept before a change, and brought back after a bad one; the wire form is resources/backup.ts. */
import type { DrillSettings } from '../drill/drill.ts';
import type { Fields } from '../health/objects/fields.ts';

export interface Backup {
  /** How the data is kept. Undefined: only the objects are. */
  readonly data: DataBackup | undefined;
  /** How long all of it may take. */
  readonly timeoutMs: number;
  /** Checkpoints that are kept whatever their age. */
  readonly keep: number;
  /** Age from which a checkpoint may go that is not among those; undefined: at once. */
  readonly maxAgeMs: number | undefined;
  /** ServiceAccount of the namespace with whose rights Jobs are started; Headgate's own when undefined. */
  readonly serviceAccount: string | undefined;
  /** Scale the workloads to zero before the data is kept. */
  readonly scaleDown: boolean;
  /** When it is tried whether a checkpoint can be brought back; undefined: when somebody asks. */
  readonly drill: DrillSettings | undefined;
  /** Commands in the pods of the workloads, around the keeping of the data. */
  readonly hooks: { readonly before: readonly Hook[]; readonly after: readonly Hook[] };
}

/** A command in every running pod of the workloads that has the container. */
export interface Hook {
  /** The pod's default one when undefined. */
  readonly container: string | undefined;
  readonly command: readonly string[];
  readonly timeoutMs: number;
}

export type DataBackup = JobBackup | SnapshotBackup | VeleroBackup;

/** Jobs of the user's that write the data somewhere, and bring it back from there. */
export interface JobBackup {
  readonly kind: 'Job';
  readonly template: Fields;
  /** Undefined: there is no way back with the data. */
  readonly restore: Fields | undefined;
  /** The owner says that `restore` writes only into the namespace that it is started in: drills may run it. */
  readonly drills: boolean;
}

/** CSI snapshots of the claims that the App's workloads mount. */
export interface SnapshotBackup {
  readonly kind: 'Snapshots';
  /** VolumeSnapshotClass; the default one of the claim's driver when undefined. */
  readonly className: string | undefined;
  /** Names of claims, in place of those that the workloads mount. */
  readonly claims: readonly string[] | undefined;
}

/** Backups that Velero makes of the claims, and brings back by a Restore. */
export interface VeleroBackup {
  readonly kind: 'Velero';
  /** Where Velero and its objects are. */
  readonly namespace: string;
  /** BackupStorageLocation; the default one when undefined. */
  readonly storageLocation: string | undefined;
  /** Which claims of the App's namespace are kept: those with these labels; all of them when undefined. */
  readonly matchLabels: Readonly<Record<string, string>> | undefined;
  /** Names of claims that must be among them, in place of those that the workloads mount. */
  readonly claims: readonly string[] | undefined;
  /** Copy the content to the storage location, in place of leaving a snapshot in the storage of the cluster. */
  readonly moveData: boolean;
  /** From when on Velero deletes the Backup by itself, whatever is kept here. */
  readonly ttlMs: number;
}

/** Whether there is a way back with the data. */
export function canBringBack(data: DataBackup | undefined): boolean {
  return data !== undefined && (data.kind !== 'Job' || data.restore !== undefined);
}

export type BackupKind = DataBackup['kind'] | 'Objects';

/** What becomes of the data when an Update goes back. */
export const dataPolicies = ['Never', 'OnFailure', 'Ask'] as const;

export type DataPolicy = (typeof dataPolicies)[number];

export interface Rollback {
  readonly data: DataPolicy;
  /** No Update begins that could not be undone. */
  readonly required: boolean;
}
