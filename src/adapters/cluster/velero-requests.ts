/** What Velero is asked to do: make a Backup, delete one with its data, restore one. */
import type { VeleroKept } from '../../core/checkpoint/checkpoint.ts';
import type { VeleroStatus } from '../../core/checkpoint/velero-phases.ts';
import { isOperationError } from '../../core/errors.ts';
import type { BackupRequest, BackupState, RestoreRequest } from '../../engine/ports/velero.ts';
import type { UpdateReference } from '../../engine/ports/volumes.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject, ObjectKey } from '../../kube/objects.ts';
import { fieldManager } from './kinds.ts';
import { explain, unusable } from './velero-checks.ts';
import {
  type BackupObject,
  backupLabel,
  backups,
  backupUidLabel,
  type DataUploadObject,
  type DeleteRequestObject,
  dataUploads,
  deleteRequests,
  type RestoreObject,
  restores,
} from './velero-objects.ts';

const uidLabel = 'headgate.dev/update-uid';
const managed = { 'app.kubernetes.io/managed-by': 'headgate' };

/** @throws VELERO_UNUSABLE, API_INVALID, API_REJECTED */
export async function backUp(
  client: KubeClient,
  update: UpdateReference,
  request: BackupRequest & { readonly claims: readonly string[] },
  ...[signal]: readonly [signal: AbortSignal]
): Promise<BackupState> {
  const key = { namespace: request.namespace, name: request.backup };
  const backup =
    (await client.find<BackupObject>(backups, key, { signal })) ??
    (await createBackup(client, update, request, signal));
  if (backup.metadata.labels?.[uidLabel] !== update.uid) {
    throw unusable(`Backup ${key.namespace}/${key.name} is of somebody else; delete it, or give the App another name`);
  }
  const status = statusOf(backup);
  return { ...status, ...(await countVolumes(client, update.namespace, { request, backup }, signal)) };
}

async function createBackup(
  client: KubeClient,
  update: UpdateReference,
  request: BackupRequest,
  ...[signal]: readonly [signal: AbortSignal]
): Promise<BackupObject> {
  const { namespace, backup: name, storageLocation, matchLabels, moveData } = request;
  const timeout = seconds(request.timeoutMs);
  const spec = {
    includedNamespaces: [update.namespace],
    // Pods would bring in claims that are not chosen; what a snapshot needs Velero adds by itself.
    includedResources: ['persistentvolumeclaims', 'persistentvolumes'],
    ...(matchLabels && { labelSelector: { matchLabels } }),
    ...(storageLocation !== undefined && { storageLocation }),
    snapshotVolumes: true,
    defaultVolumesToFsBackup: false,
    snapshotMoveData: moveData,
    ttl: seconds(request.ttlMs),
    ...{ csiSnapshotTimeout: timeout, itemOperationTimeout: timeout },
  };
  const metadata = {
    ...{ namespace, name, labels: { ...managed, [uidLabel]: update.uid } },
    annotations: {
      'headgate.dev/app': `${update.namespace}/${request.app}`,
      'headgate.dev/for': `Update ${update.namespace}/${update.name}`,
    },
  };
  try {
    return await client.create<BackupObject>(backups, { metadata, spec }, { fieldManager, signal });
  } catch (error) {
    if (isOperationError(error, 'API_CONFLICT')) {
      return await client.get<BackupObject>(backups, { namespace, name }, { signal });
    }
    throw explain(error, namespace);
  }
}

/** Velero tells the number of snapshots that it left in the cluster; of data that it has moved there is one object for each claim. */
async function countVolumes(
  client: KubeClient,
  namespace: string,
  ...[{ request, backup }, signal]: readonly [
    of: { readonly request: BackupRequest & { readonly claims: readonly string[] }; readonly backup: BackupObject },
    signal: AbortSignal,
  ]
): Promise<Pick<BackupState, 'volumes' | 'missing' | 'sizeBytes'>> {
  const { status } = backup;
  if (status?.phase !== 'Completed' || !request.moveData) {
    return { volumes: status?.csiVolumeSnapshotsCompleted ?? 0, missing: [], sizeBytes: undefined };
  }
  const options = { namespace: request.namespace, labelSelector: `${backupLabel}=${request.backup}`, signal };
  const { items } = await client.list<DataUploadObject>(dataUploads, options);
  const moved = items.filter((one) => one.status?.phase === 'Completed' && one.spec.sourceNamespace === namespace);
  const missing = request.claims.filter((claim) => !moved.some(({ spec }) => spec.sourcePVC === claim));
  const sizeBytes = moved.reduce((sum, one) => sum + (one.status?.progress?.totalBytes ?? 0), 0);
  return { volumes: moved.length, missing, sizeBytes };
}

/** A request that Velero has turned down, as the Backup was still being made, is made anew. */
export async function dropBackup(client: KubeClient, kept: VeleroKept, signal: AbortSignal): Promise<void> {
  const { namespace, backup: backupName } = kept;
  const key = { namespace, name: backupName };
  const backup = await client.find<BackupObject>(backups, key, { signal });
  if (!backup || backup.metadata.labels?.[uidLabel] === undefined) {
    return;
  }
  const before = await client.find<DeleteRequestObject>(deleteRequests, key, { signal });
  if (before?.status?.phase === 'Processed') {
    await client.delete(deleteRequests, key, { signal });
  } else if (before) {
    return;
  }
  const labels = { ...managed, [backupLabel]: backupName, [backupUidLabel]: backup.metadata.uid ?? '' };
  const request = { metadata: { ...key, labels }, spec: { backupName } };
  try {
    await client.create<DeleteRequestObject>(deleteRequests, request, { fieldManager, signal });
  } catch (error) {
    if (!isOperationError(error, 'API_CONFLICT')) {
      throw error;
    }
  }
}

export async function findRestore(
  client: KubeClient,
  key: ObjectKey,
  signal: AbortSignal,
): Promise<VeleroStatus | undefined> {
  const restore = await client.find<RestoreObject>(restores, key, { signal });
  return restore && statusOf(restore);
}

/** Everything that the Backup holds: claims, and what their snapshots need. */
export async function startRestore(
  client: KubeClient,
  namespace: string,
  request: RestoreRequest,
  ...[signal]: readonly [signal: AbortSignal]
): Promise<void> {
  const spec = {
    ...{ backupName: request.backup, includedNamespaces: [namespace], restorePVs: true },
    itemOperationTimeout: seconds(request.timeoutMs),
  };
  const annotations = { 'headgate.dev/app': `${namespace}/${request.app}` };
  const metadata = { namespace: request.namespace, name: request.restore, labels: managed, annotations };
  try {
    await client.create<RestoreObject>(restores, { metadata, spec }, { fieldManager, signal });
  } catch (error) {
    if (!isOperationError(error, 'API_CONFLICT')) {
      throw explain(error, request.namespace);
    }
  }
}

function statusOf({ status = {} }: KubeObject & Pick<BackupObject | RestoreObject, 'status'>): VeleroStatus {
  const { totalItems, itemsBackedUp, itemsRestored } = status.progress ?? {};
  const done = itemsBackedUp ?? itemsRestored;
  return {
    phase: status.phase === '' ? undefined : status.phase,
    validationErrors: status.validationErrors ?? [],
    failureReason: status.failureReason,
    errors: status.errors ?? 0,
    warnings: status.warnings ?? 0,
    progress: done === undefined || totalItems === undefined ? undefined : `${done} of ${totalItems} items`,
  };
}

function seconds(milliseconds: number): string {
  return `${Math.ceil(milliseconds / 1_000)}s`;
}
