/**
 * Plays Velero on its real definitions: what its server writes into the status of Backups, Restores and storage locations, and what a
 * Restore makes. The server itself takes most of an hour to compile, which no run of the tests can wait for. Binding claims to volumes
 * is played too, as the test cluster at this level has no controllers.
 */
import {
  type BackupObject,
  backups,
  dataUploads,
  type RestoreObject,
  restoreLabel,
  restores,
  storageLocations,
} from '../../src/adapters/cluster/velero-objects.ts';
import { type ClaimObject, claims, type VolumeObject, volumes } from '../../src/adapters/cluster/volume-objects.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/objects.ts';
import { createNamespace } from '../kube/server-fixtures.ts';

/** Whole objects; what is not read elsewhere is in no type. */
interface Played extends KubeObject {
  readonly spec: object;
}

export interface PlayedVelero {
  readonly namespace: string;
  /** The only Backup, or the newest. */
  backup(): Promise<BackupObject | undefined>;
  restore(name?: string): Promise<RestoreObject | undefined>;
  restoreNames(): Promise<readonly string[]>;
  setBackup(status: object): Promise<void>;
  setRestore(status: object): Promise<void>;
  setLocation(change: object): Promise<void>;
  /** What the data mover made of the claims. */
  upload(claims: readonly string[], namespace: string): Promise<void>;
}

/** A namespace of Velero with a storage location that is Available. */
export async function playVelero(client: KubeClient): Promise<PlayedVelero> {
  const namespace = await createNamespace(client);
  await client.create<Played>(storageLocations, {
    metadata: { namespace, name: 'main' },
    spec: { provider: 'aws', objectStorage: { bucket: 'backups' }, default: true },
  });
  const location = { namespace, name: 'main' };
  await client.patch(storageLocations, location, { kind: 'merge', body: { status: { phase: 'Available' } } });
  const backup = async () => (await client.list<BackupObject>(backups, { namespace })).items.at(-1);
  const allRestores = async () => (await client.list<RestoreObject>(restores, { namespace })).items;
  const restore = async (name?: string) =>
    (await allRestores()).find(({ metadata }) => name === undefined || metadata.name === name);
  const newest = async () => (await allRestores()).toSorted(byName).at(-1)?.metadata.name ?? '';
  return {
    namespace,
    backup,
    restore,
    restoreNames: async () => (await allRestores()).map(({ metadata }) => metadata.name),
    setBackup: async (status) => {
      const name = (await backup())?.metadata.name ?? '';
      await client.patch(backups, { namespace, name }, { kind: 'merge', body: { status } });
    },
    setRestore: async (status) => {
      await client.patch(restores, { namespace, name: await newest() }, { kind: 'merge', body: { status } });
    },
    setLocation: async (body) => {
      await client.patch(storageLocations, { namespace, name: 'main' }, { kind: 'merge', body });
    },
    upload: async (names, sourceNamespace) => {
      const label = (await backup())?.metadata.name ?? '';
      for (const sourcePVC of names) {
        const snapshot = { volumeSnapshot: 's', storageClass: 'c', snapshotClass: 'v' };
        await client.create<Played>(dataUploads, {
          metadata: { namespace, name: `upload-${sourcePVC}`, labels: { 'velero.io/backup-name': label } },
          spec: {
            ...{ snapshotType: 'CSI', csiSnapshot: snapshot, sourcePVC, sourceNamespace },
            ...{ backupStorageLocation: 'main', operationTimeout: '10m' },
          },
        });
        const status = { phase: 'Completed', progress: { totalBytes: 4_096, bytesDone: 4_096 } };
        const key = { namespace, name: `upload-${sourcePVC}` };
        await client.patch(dataUploads, key, { kind: 'merge', body: { status } });
      }
    },
  };
}

const byName = (one: RestoreObject, other: RestoreObject) => one.metadata.name.localeCompare(other.metadata.name);

interface Wanted {
  readonly namespace: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Name of its PersistentVolume. */
  readonly volume: string;
}

const claimSpec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: '' };

/** A claim with a volume, of a CSI driver where nothing else is said. */
export async function boundClaim(
  client: KubeClient,
  { namespace, name, labels = {}, volume }: Wanted,
  source: object = { csi: { driver: 'folders.test', volumeHandle: volume } },
): Promise<void> {
  await client.create<Played>(volumes, {
    metadata: { namespace: '', name: volume },
    spec: {
      ...{ capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], persistentVolumeReclaimPolicy: 'Delete' },
      ...{ claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name }, ...source },
    },
  });
  await client.create<ClaimObject>(claims, {
    metadata: { namespace, name, labels },
    spec: { ...claimSpec, volumeName: volume },
  });
  await playBinding(client, namespace);
}

/** What a Restore makes of a claim that is not there. */
export async function restoreClaim(client: KubeClient, wanted: Wanted & { readonly restore: string }): Promise<void> {
  await boundClaim(client, { ...wanted, labels: { ...wanted.labels, [restoreLabel]: wanted.restore } });
}

/** As the controller of volumes: claims that are to go are gone, and those whose volume is for them are bound. */
export async function playBinding(client: KubeClient, namespace: string): Promise<void> {
  for (const { metadata, spec, status } of (await client.list<ClaimObject>(claims, { namespace })).items) {
    const key = { namespace, name: metadata.name };
    if (metadata.deletionTimestamp !== undefined) {
      await client.patch(claims, key, { kind: 'merge', body: { metadata: { finalizers: null } } });
    } else if (status?.phase !== 'Bound' && spec.volumeName !== undefined) {
      const volume = await client.find<VolumeObject>(volumes, { namespace: '', name: spec.volumeName });
      if (volume?.spec.claimRef?.namespace === namespace && volume.spec.claimRef.name === metadata.name) {
        await client.patch(
          claims,
          key,
          { kind: 'merge', body: { status: { phase: 'Bound' } } },
          { subresource: 'status' },
        );
      }
    }
  }
}
