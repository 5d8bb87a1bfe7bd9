/** Velero's objects as its API has them (1.18): the fields that are read or written here. */
import type { KubeObject, ResourceType } from '../../kube/objects.ts';

const v1 = { group: 'velero.io', version: 'v1', namespaced: true };

export const backups: ResourceType = { ...v1, plural: 'backups', kind: 'Backup' };
export const restores: ResourceType = { ...v1, plural: 'restores', kind: 'Restore' };
export const storageLocations: ResourceType = {
  ...v1,
  plural: 'backupstoragelocations',
  kind: 'BackupStorageLocation',
};
export const deleteRequests: ResourceType = { ...v1, plural: 'deletebackuprequests', kind: 'DeleteBackupRequest' };
export const dataUploads: ResourceType = {
  ...{ group: 'velero.io', version: 'v2alpha1', namespaced: true },
  ...{ plural: 'datauploads', kind: 'DataUpload' },
};

/** What Velero gives what belongs to a Backup, and the claims that a Restore made. */
export const backupLabel = 'velero.io/backup-name';
export const backupUidLabel = 'velero.io/backup-uid';
export const restoreLabel = 'velero.io/restore-name';
/** Velero leaves out what has it. */
export const excludeLabel = 'velero.io/exclude-from-backup';

interface CommonStatus {
  readonly phase?: string;
  readonly validationErrors?: readonly string[] | null;
  readonly failureReason?: string;
  readonly errors?: number;
  readonly warnings?: number;
  readonly progress?: {
    readonly totalItems?: number;
    readonly itemsBackedUp?: number;
    readonly itemsRestored?: number;
  } | null;
}

export interface BackupObject extends KubeObject {
  readonly spec: {
    readonly includedNamespaces?: readonly string[] | null;
    readonly storageLocation?: string;
    readonly [field: string]: unknown;
  };
  readonly status?: CommonStatus & { readonly csiVolumeSnapshotsCompleted?: number };
}

export interface RestoreObject extends KubeObject {
  readonly spec: { readonly backupName?: string; readonly [field: string]: unknown };
  readonly status?: CommonStatus;
}

export interface StorageLocationObject extends KubeObject {
  readonly spec: { readonly default?: boolean; readonly accessMode?: string };
  readonly status?: { readonly phase?: string; readonly message?: string };
}

export interface DeleteRequestObject extends KubeObject {
  readonly spec: { readonly backupName: string };
  readonly status?: { readonly phase?: string };
}

export interface DataUploadObject extends KubeObject {
  readonly spec: { readonly sourcePVC: string; readonly sourceNamespace: string };
  readonly status?: { readonly phase?: string; readonly progress?: { readonly totalBytes?: number } };
}
