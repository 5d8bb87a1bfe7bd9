/** Claims, volumes, storage classes and snapshots as the API has them: the fields that are read or written here. */
import type { KubeObject, ResourceType } from '../../kube/objects.ts';

const core = { group: '', version: 'v1' };
const snapshot = { group: 'snapshot.storage.k8s.io', version: 'v1' };

export const claims: ResourceType = {
  ...core,
  plural: 'persistentvolumeclaims',
  kind: 'PersistentVolumeClaim',
  namespaced: true,
};
export const volumes: ResourceType = {
  ...core,
  plural: 'persistentvolumes',
  kind: 'PersistentVolume',
  namespaced: false,
};
export const storageClasses: ResourceType = {
  ...{ group: 'storage.k8s.io', version: 'v1' },
  plural: 'storageclasses',
  kind: 'StorageClass',
  namespaced: false,
};
export const snapshots: ResourceType = {
  ...snapshot,
  plural: 'volumesnapshots',
  kind: 'VolumeSnapshot',
  namespaced: true,
};
export const snapshotContents: ResourceType = {
  ...snapshot,
  plural: 'volumesnapshotcontents',
  kind: 'VolumeSnapshotContent',
  namespaced: false,
};
export const snapshotClasses: ResourceType = {
  ...snapshot,
  plural: 'volumesnapshotclasses',
  kind: 'VolumeSnapshotClass',
  namespaced: false,
};

export interface ClaimSpec {
  readonly accessModes?: readonly string[];
  readonly resources?: { readonly requests?: { readonly storage?: string } };
  readonly storageClassName?: string;
  readonly volumeMode?: string;
  readonly volumeName?: string;
  readonly dataSource?: { readonly apiGroup: string; readonly kind: string; readonly name: string };
}

export interface ClaimObject extends KubeObject {
  readonly spec: ClaimSpec;
  readonly status?: { readonly phase?: string; readonly capacity?: { readonly storage?: string } };
}

export interface VolumeObject extends KubeObject {
  readonly spec: {
    readonly csi?: { readonly driver: string };
    readonly persistentVolumeReclaimPolicy?: string;
    readonly claimRef?: { readonly namespace?: string; readonly name?: string; readonly uid?: string };
  };
}

export interface SnapshotClassObject extends KubeObject {
  readonly driver: string;
}

export interface SnapshotObject extends KubeObject {
  readonly spec: {
    readonly source: { readonly persistentVolumeClaimName?: string; readonly volumeSnapshotContentName?: string };
    readonly volumeSnapshotClassName?: string;
  };
  readonly status?: {
    readonly readyToUse?: boolean;
    readonly boundVolumeSnapshotContentName?: string;
    readonly creationTime?: string;
    readonly restoreSize?: string;
    readonly error?: { readonly message?: string };
  };
}

export interface SnapshotContentObject extends KubeObject {
  readonly spec: {
    readonly deletionPolicy: 'Delete' | 'Retain';
    readonly driver: string;
    readonly source: { readonly snapshotHandle?: string; readonly volumeHandle?: string };
    readonly volumeSnapshotRef: { readonly namespace?: string; readonly name?: string };
    readonly volumeSnapshotClassName?: string;
    readonly sourceVolumeMode?: string;
  };
  readonly status?: { readonly snapshotHandle?: string };
}
