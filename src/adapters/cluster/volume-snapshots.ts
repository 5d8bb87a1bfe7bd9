/** Snapshots of claims: whether they can be had, taking them, and how they stand. */
import { isOperationError, OperationError } from '../../core/errors.ts';
import { parseQuantity } from '../../core/preflight/quantity.ts';
import type { SnapshotRequest, SnapshotState, UpdateReference } from '../../engine/ports/volumes.ts';
import type { KubeClient } from '../../kube/client.ts';
import { fieldManager } from './kinds.ts';
import {
  type ClaimObject,
  claims,
  type SnapshotClassObject,
  type SnapshotObject,
  snapshotClasses,
  snapshots,
  type VolumeObject,
  volumes,
} from './volume-objects.ts';

interface Key {
  readonly namespace: string;
  readonly name: string;
}

const defaultClass = 'snapshot.storage.kubernetes.io/is-default-class';
const uidLabel = 'headgate.dev/update-uid';

/** @throws VOLUME_UNUSABLE when no snapshot can be taken of the claim */
export async function checkSnapshot(
  client: KubeClient,
  claim: Key,
  ...[className, signal]: readonly [className: string | undefined, signal: AbortSignal]
): Promise<void> {
  const { spec } = await readBound(client, claim, signal);
  const volume = await client.find<VolumeObject>(volumes, { namespace: '', name: spec.volumeName ?? '' }, { signal });
  const driver = volume?.spec.csi?.driver;
  if (driver === undefined) {
    throw unusable(claim, `PersistentVolume ${spec.volumeName} is not of a CSI driver, so that it knows no snapshots`);
  }
  const classes = await listClasses(client, claim, signal);
  const chosen = classes.find(({ metadata, driver: ofClass }) =>
    className === undefined
      ? ofClass === driver && metadata.annotations?.[defaultClass] === 'true'
      : metadata.name === className,
  );
  if (!chosen) {
    const wanted =
      className === undefined
        ? `no VolumeSnapshotClass is the default of ${driver}`
        : `there is no VolumeSnapshotClass ${className}`;
    const known = classes.filter((one) => one.driver === driver).map(({ metadata }) => metadata.name);
    throw unusable(
      claim,
      `${wanted}; of ${driver} there are: ${known.join(', ') || 'none'}; name one in spec.backup.snapshots.className`,
    );
  }
  if (chosen.driver !== driver) {
    throw unusable(claim, `VolumeSnapshotClass ${className} is of ${chosen.driver}, and its volume of ${driver}`);
  }
}

/** Harmless to repeat; one of the same name that another Update made is refused. */
export async function takeSnapshot(
  client: KubeClient,
  update: UpdateReference,
  { claim, snapshot, className, app }: SnapshotRequest,
  ...[signal]: readonly [signal: AbortSignal]
): Promise<void> {
  const key = { namespace: update.namespace, name: snapshot };
  const metadata = {
    ...key,
    labels: { 'app.kubernetes.io/managed-by': 'headgate', [uidLabel]: update.uid },
    // No owner: what keeps data does not go because somebody deletes an App or an Update.
    annotations: { 'headgate.dev/app': app, 'headgate.dev/for': `Update ${update.name}` },
  };
  const spec = {
    source: { persistentVolumeClaimName: claim },
    ...(className !== undefined && { volumeSnapshotClassName: className }),
  };
  try {
    await client.create<SnapshotObject>(snapshots, { metadata, spec }, { fieldManager, signal });
  } catch (error) {
    const there = isOperationError(error, 'API_CONFLICT')
      ? await client.find<SnapshotObject>(snapshots, key, { signal })
      : undefined;
    if (there?.metadata.labels?.[uidLabel] !== update.uid) {
      throw error;
    }
  }
}

/** @returns undefined when there is none */
export async function lookAtSnapshot(
  client: KubeClient,
  key: Key,
  signal: AbortSignal,
): Promise<SnapshotState | undefined> {
  const found = await client.find<SnapshotObject>(snapshots, key, { signal });
  const { creationTime, readyToUse, restoreSize, error } = found?.status ?? {};
  return (
    found && {
      isCut: creationTime !== undefined,
      isReady: readyToUse === true,
      sizeBytes: restoreSize === undefined ? undefined : parseQuantity(restoreSize),
      problem: error?.message,
    }
  );
}

/** @throws VOLUME_UNUSABLE when there is none of that name, or it has no volume yet */
export async function readBound(client: KubeClient, key: Key, signal: AbortSignal): Promise<ClaimObject> {
  const claim = await client.find<ClaimObject>(claims, key, { signal });
  if (!claim) {
    throw unusable(key, 'there is no such claim');
  }
  if (claim.status?.phase !== 'Bound') {
    throw unusable(key, `it is ${claim.status?.phase ?? 'without a volume'}, and only one that is Bound has data`);
  }
  return claim;
}

export function unusable({ namespace, name }: Key, why: string): OperationError {
  return new OperationError(`PersistentVolumeClaim ${namespace}/${name}: ${why}`, {
    code: 'VOLUME_UNUSABLE',
    retry: 'never',
  });
}

async function listClasses(
  client: KubeClient,
  claim: Key,
  signal: AbortSignal,
): Promise<readonly SnapshotClassObject[]> {
  try {
    return (await client.list<SnapshotClassObject>(snapshotClasses, { signal })).items;
  } catch (error) {
    if (isOperationError(error, 'API_NOT_FOUND')) {
      throw unusable(claim, 'the cluster knows no VolumeSnapshots; install external-snapshotter and its CRDs');
    }
    throw error;
  }
}
