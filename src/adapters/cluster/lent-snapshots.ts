/**
 * Snapshots of an App in the namespace of a drill: a VolumeSnapshot is bound to its namespace, so that a second content of the same handle
 * is made for a second one. Its policy is Retain: whatever is deleted, the snapshot itself is the App's.
 */
import { createHash } from 'node:crypto';
import type { KeptVolume } from '../../core/checkpoint/checkpoint.ts';
import { isOperationError, OperationError } from '../../core/errors.ts';
import type { Ground } from '../../engine/ports/drill-ground.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject, NewObject, ObjectKey, ResourceType } from '../../kube/objects.ts';
import { drillLabel } from './drill-objects.ts';
import { fieldManager } from './kinds.ts';
import { type SnapshotContentObject, type SnapshotObject, snapshotContents, snapshots } from './volume-objects.ts';

/** @throws VOLUME_UNUSABLE when the snapshot is gone, or its driver has not told under which handle it keeps it */
export async function lendSnapshot(
  client: KubeClient,
  { namespace, uid, app }: Ground,
  ...[{ snapshot }, signal]: readonly [KeptVolume, AbortSignal]
): Promise<void> {
  const own = await client.find<SnapshotObject>(snapshots, { namespace: app.namespace, name: snapshot }, { signal });
  const bound = own?.status?.boundVolumeSnapshotContentName;
  const content =
    bound === undefined
      ? undefined
      : await client.find<SnapshotContentObject>(snapshotContents, { namespace: '', name: bound }, { signal });
  const snapshotHandle = content?.status?.snapshotHandle;
  if (!content || snapshotHandle === undefined) {
    const why = own ? 'has no content with a handle' : 'is gone';
    throw new OperationError(`VolumeSnapshot ${app.namespace}/${snapshot}: it ${why}`, {
      ...{ code: 'VOLUME_UNUSABLE', retry: 'never' },
    });
  }
  const { driver, volumeSnapshotClassName, sourceVolumeMode } = content.spec;
  const ofClass = volumeSnapshotClassName === undefined ? {} : { volumeSnapshotClassName };
  const labels = { 'app.kubernetes.io/managed-by': 'headgate', [drillLabel]: namespace };
  const name = contentNameOf(namespace, snapshot);
  // The namespace owns it, so that it goes even where nobody takes it away.
  const ownerReferences = [{ apiVersion: 'v1', kind: 'Namespace', name: namespace, uid }];
  await make<SnapshotContentObject>(client, snapshotContents, {
    signal,
    object: {
      metadata: { name, labels, ownerReferences },
      spec: {
        ...{ deletionPolicy: 'Retain', driver, source: { snapshotHandle }, ...ofClass },
        ...(sourceVolumeMode !== undefined && { sourceVolumeMode }),
        volumeSnapshotRef: { namespace, name: snapshot },
      },
    },
  });
  await make<SnapshotObject>(client, snapshots, {
    signal,
    object: {
      metadata: { namespace, name: snapshot, labels },
      spec: { source: { volumeSnapshotContentName: name }, ...ofClass },
    },
  });
}

/** Those of one drill. Harmless to repeat; a cluster that knows no snapshots has none. */
export async function removeLent(client: KubeClient, namespace: string, signal: AbortSignal): Promise<void> {
  const labelSelector = `${drillLabel}=${namespace}`;
  for (const { type, scope } of [
    { type: snapshots, scope: { namespace } },
    { type: snapshotContents, scope: {} },
  ]) {
    for (const { metadata } of await listOf(client, type, { ...scope, labelSelector, signal })) {
      const { namespace: within = '', name } = metadata;
      await remove(client, type, { namespace: within, name }, signal);
    }
  }
}

async function listOf(
  client: KubeClient,
  type: ResourceType,
  options: { readonly namespace?: string; readonly labelSelector: string; readonly signal: AbortSignal },
): Promise<readonly KubeObject[]> {
  try {
    return (await client.list<KubeObject>(type, options)).items;
  } catch (error) {
    if (isOperationError(error, 'API_NOT_FOUND')) {
      return [];
    }
    throw error;
  }
}

async function make<T extends KubeObject>(
  client: KubeClient,
  type: ResourceType,
  { object, signal }: { readonly object: NewObject<T>; readonly signal: AbortSignal },
): Promise<void> {
  try {
    await client.create<T>(type, object, { fieldManager, signal });
  } catch (error) {
    if (!isOperationError(error, 'API_CONFLICT')) {
      throw error;
    }
  }
}

async function remove(client: KubeClient, type: ResourceType, key: ObjectKey, signal: AbortSignal): Promise<void> {
  try {
    await client.delete(type, key, { signal });
  } catch (error) {
    if (!isOperationError(error, 'API_NOT_FOUND')) {
      throw error;
    }
  }
}

const hashLength = 20;

/** Contents are of the whole cluster. */
function contentNameOf(namespace: string, snapshot: string): string {
  const hash = createHash('sha256').update(`${namespace}\0${snapshot}`).digest('hex').slice(0, hashLength);
  return `headgate-drill-${hash}`;
}
