/** Whether Velero could keep claims, or bring them back; said before anything is touched. */
import type { VeleroKept } from '../../core/checkpoint/checkpoint.ts';
import { isOperationError, OperationError } from '../../core/errors.ts';
import { joinSome } from '../../core/text.ts';
import type { VeleroPlace } from '../../engine/ports/velero.ts';
import type { KubeClient } from '../../kube/client.ts';
import {
  type BackupObject,
  backups,
  excludeLabel,
  type StorageLocationObject,
  storageLocations,
} from './velero-objects.ts';
import { type ClaimObject, claims as claimType, type VolumeObject, volumes } from './volume-objects.ts';
import { readBound, unusable as unusableClaim } from './volume-snapshots.ts';

/** Name of the storage location that Velero takes where none is named and none is marked as the default one. */
const fallbackLocation = 'default';

/** @returns how many volumes a Backup has to hold @throws VELERO_UNUSABLE, VOLUME_UNUSABLE */
export async function surveyClaims(
  client: KubeClient,
  namespace: string,
  request: VeleroPlace & { readonly claims: readonly string[] },
  ...[signal]: readonly [signal: AbortSignal]
): Promise<number> {
  const location = await readLocation(client, request.namespace, request.storageLocation, signal);
  if (location.spec.accessMode === 'ReadOnly') {
    throw unusable(`${describe(location)} is ReadOnly, so that no Backup can be written to it; name another one`);
  }
  for (const name of request.claims) {
    await checkClaim(client, { namespace, name }, request, signal);
  }
  const labelSelector = Object.entries(request.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const options = { namespace, signal, ...(labelSelector !== '' && { labelSelector }) };
  const { items } = await client.list<ClaimObject>(claimType, options);
  const chosen = items.filter((claim) => !isExcluded(claim)).map(({ metadata }) => metadata.name);
  const others = chosen.filter((name) => !request.claims.includes(name));
  if (others.length > 0) {
    throw unusable(sayOthers(namespace, others));
  }
  return chosen.length;
}

/** A Restore has no choice: it makes all that the Backup holds and that is not there. */
function sayOthers(namespace: string, others: readonly string[]): string {
  const names = joinSome(others.toSorted(), ', ');
  return `the Backup would hold claims of namespace ${namespace} that are not the App's (${names}), and the way back would make them anew where they were deleted since; name labels in spec.backup.velero.matchLabels that choose this App's claims alone, or label the others ${excludeLabel}=true`;
}

/** @throws VELERO_UNUSABLE when the Backup could not be restored */
export async function checkKept(
  client: KubeClient,
  namespace: string,
  kept: VeleroKept,
  ...[signal]: readonly [signal: AbortSignal]
): Promise<void> {
  const what = `Backup ${kept.namespace}/${kept.backup}`;
  const backup = await client.find<BackupObject>(backups, { namespace: kept.namespace, name: kept.backup }, { signal });
  if (!backup) {
    throw unusable(
      `${what} is gone: somebody deleted it, or its ttl is over; Velero makes the object again within a minute where its storage location still has it`,
    );
  }
  const { phase } = backup.status ?? {};
  if (phase !== 'Completed' || backup.metadata.deletionTimestamp !== undefined) {
    throw unusable(`${what} is ${phase ?? 'New'}, and only one that is Completed can be restored`);
  }
  const [included, ...others] = backup.spec.includedNamespaces ?? [];
  if (included !== namespace || others.length > 0) {
    throw unusable(`${what} is not of namespace ${namespace} alone, so that it is not one that Headgate made for it`);
  }
  await readLocation(client, kept.namespace, backup.spec.storageLocation, signal);
}

/** @throws VELERO_UNUSABLE when there is none that can be read */
async function readLocation(
  client: KubeClient,
  namespace: string,
  ...[name, signal]: readonly [name: string | undefined, signal: AbortSignal]
): Promise<StorageLocationObject> {
  const locations = await listLocations(client, namespace, signal);
  const chosen =
    name === undefined
      ? (locations.find(({ spec }) => spec.default === true) ??
        locations.find(({ metadata }) => metadata.name === fallbackLocation))
      : locations.find(({ metadata }) => metadata.name === name);
  if (!chosen) {
    const wanted = name === undefined ? 'no default BackupStorageLocation' : `no BackupStorageLocation ${name}`;
    const names = locations.map(({ metadata }) => metadata.name).join(', ');
    throw unusable(
      `there is ${wanted} in namespace ${namespace}; there are: ${names || 'none, so that spec.backup.velero.namespace may be another'}; see velero backup-location get`,
    );
  }
  const { phase, message } = chosen.status ?? {};
  if (phase === 'Unavailable') {
    throw unusable(`${describe(chosen)} is Unavailable: ${message ?? 'Velero does not say why'}`);
  }
  return chosen;
}

async function listLocations(
  client: KubeClient,
  namespace: string,
  signal: AbortSignal,
): Promise<readonly StorageLocationObject[]> {
  try {
    return (await client.list<StorageLocationObject>(storageLocations, { namespace, signal })).items;
  } catch (error) {
    throw explain(error, namespace);
  }
}

/** What keeps Headgate from asking Velero, with the remedy; other errors as they are. */
export function explain(error: unknown, namespace: string): unknown {
  if (isOperationError(error, 'API_NOT_FOUND')) {
    return unusable('Velero is not installed: the cluster does not know its kinds; install Velero 1.14 or newer');
  }
  return isOperationError(error, 'API_FORBIDDEN')
    ? unusable(
        `Headgate may not use Velero in namespace ${namespace}; install its chart with veleroNamespace: ${namespace} (${error.message})`,
      )
    : error;
}

/** Velero would leave it out without a word. */
async function checkClaim(
  client: KubeClient,
  key: { readonly namespace: string; readonly name: string },
  ...[{ matchLabels }, signal]: readonly [place: VeleroPlace, signal: AbortSignal]
): Promise<void> {
  const claim = await readBound(client, key, signal);
  const lacking = Object.entries(matchLabels ?? {}).filter(
    ([label, value]) => claim.metadata.labels?.[label] !== value,
  );
  const what = `PersistentVolumeClaim ${key.namespace}/${key.name}`;
  if (lacking.length > 0) {
    const labels = lacking.map(([label, value]) => `${label}=${value}`).join(', ');
    throw unusable(`${what} has not the labels of spec.backup.velero.matchLabels (${labels}); label it`);
  }
  if (isExcluded(claim)) {
    throw unusable(`${what} has the label ${excludeLabel}, so that Velero leaves it out; take the label away`);
  }
  const { volumeName = '' } = claim.spec;
  const volume = await client.find<VolumeObject>(volumes, { namespace: '', name: volumeName }, { signal });
  if (volume?.spec.csi === undefined) {
    throw unusableClaim(
      key,
      `PersistentVolume ${volumeName} is not of a CSI driver: Velero would keep it by copying files out of pods, and could bring it back only with these pods; keep it by spec.backup.job`,
    );
  }
}

function isExcluded({ metadata }: ClaimObject): boolean {
  return metadata.labels?.[excludeLabel] === 'true';
}

function describe({ metadata }: StorageLocationObject): string {
  return `BackupStorageLocation ${metadata.namespace}/${metadata.name}`;
}

export function unusable(message: string): OperationError {
  return new OperationError(message, { code: 'VELERO_UNUSABLE', retry: 'never' });
}
