/** One object: applied, taken over from the tools that made it, or made anew where a field cannot be changed. */
import { isOperationError, OperationError } from '../../../core/errors.ts';
import { countAt, type Fields, fieldAt, textAt } from '../../../core/health/objects/fields.ts';
import { contentHash } from '../../../core/manifest/canonical.ts';
import { conflictingManagers, isTakenOver, takeOver } from '../../../core/manifest/field-managers.ts';
import { type InventoryEntry, isKept } from '../../../core/manifest/inventory.ts';
import { describeObject, type ManifestObject } from '../../../core/manifest/manifest-object.ts';
import { metadataHash } from '../../../core/manifest/metadata-hash.ts';
import { optOutsOf } from '../../../core/manifest/opt-outs.ts';
import { cutToOwned } from '../../../core/manifest/owned-fields.ts';
import type { AppliedObject, ClusterObjects } from '../../ports/cluster-objects.ts';
import type { ObjectResult } from './object-result.ts';

/** Our name in managedFields. */
export const manager = 'headgate';

export interface ApplyOneRequest {
  readonly object: ManifestObject;
  /** What was applied before. */
  readonly entry: InventoryEntry | undefined;
  /** Take fields that others own. */
  readonly force: boolean;
}

/** @throws errors of the API server; a conflict says what to do about it */
export async function applyOne(
  cluster: ClusterObjects,
  { object, entry, force }: ApplyOneRequest,
  signal: AbortSignal,
): Promise<ObjectResult> {
  if (optOutsOf(object.object).onlyCreate) {
    const live = await cluster.read(object, signal);
    if (live !== undefined) {
      return { kind: 'Unchanged', object, entry: entryOf(object, live) };
    }
  }
  const applied = await applyAnyway(cluster, object, force, signal);
  const { live } = entry === undefined ? await adopt(cluster, object, applied, signal) : applied;
  if (fieldAt(live, 'metadata.deletionTimestamp') !== undefined) {
    throw new OperationError(
      `apply ${describeObject(object)}: it is being deleted; it is applied again once it is gone`,
      {
        code: 'API_CONFLICT',
        retry: 'backoff',
        context: { object: describeObject(object) },
      },
    );
  }
  const next = entryOf(object, live);
  const isSame = !applied.created && entry?.uid === next.uid && entry.resourceVersion === next.resourceVersion;
  return { kind: applied.created ? 'Created' : isSame ? 'Unchanged' : 'Configured', object, entry: next };
}

/** What is remembered of an object that stands as the manifest has it. */
function entryOf(object: ManifestObject, live: Fields): InventoryEntry {
  const { group, kind, namespace, name, apiVersion } = object;
  const generation = countAt(live, 'metadata.generation', 0);
  return {
    group,
    kind,
    namespace,
    name,
    apiVersion,
    uid: textAt(live, 'metadata.uid', ''),
    desiredHash: contentHash(object.object),
    ownedHash: contentHash(cutToOwned(object.object, live)),
    resourceVersion: textAt(live, 'metadata.resourceVersion', ''),
    ...(generation === 0 ? {} : { generation, metadataHash: metadataHash(live) }),
    ...(isKept(object) ? { keep: true } : {}),
  };
}

async function applyAnyway(
  cluster: ClusterObjects,
  object: ManifestObject,
  force: boolean,
  signal: AbortSignal,
): Promise<AppliedObject> {
  try {
    return await cluster.apply(object, { force }, signal);
  } catch (error) {
    if (isOperationError(error, 'API_CONFLICT') && error.context['reason'] === 'FieldManagerConflict') {
      const managers = conflictingManagers(error.message);
      if (managers.length > 0 && managers.every(isTakenOver)) {
        return await cluster.apply(object, { force: true }, signal);
      }
      throw explained(error, object, managers);
    }
    if (isOperationError(error, 'API_INVALID') && mayRecreate(object) && isImmutable(error)) {
      return await recreate(cluster, object, signal);
    }
    throw error;
  }
}

/** A Job runs once, so that another one is another run: it is always made anew. */
export function mayRecreate(object: ManifestObject): boolean {
  return (object.group === 'batch' && object.kind === 'Job') || optOutsOf(object.object).recreate;
}

/** Fixed phrases of the API server's validation; the Status has no field for it. */
function isImmutable({ message }: OperationError): boolean {
  return /field is immutable|may not be changed|updates to .* are forbidden|Forbidden: /i.test(message);
}

async function recreate(cluster: ClusterObjects, object: ManifestObject, signal: AbortSignal): Promise<AppliedObject> {
  const live = await cluster.read(object, signal);
  if (live !== undefined) {
    await cluster.delete(object, textAt(live, 'metadata.uid', ''), signal);
  }
  return await cluster.apply(object, { force: true }, signal);
}

/** Fields of kubectl and Helm become ours; those that the manifest does not have go with the second apply. */
async function adopt(
  cluster: ClusterObjects,
  object: ManifestObject,
  applied: AppliedObject,
  signal: AbortSignal,
): Promise<AppliedObject> {
  const managers = fieldAt(applied.live, 'metadata.managedFields');
  const taken = applied.created || !Array.isArray(managers) ? undefined : takeOver(managers, manager);
  if (taken === undefined) {
    return applied;
  }
  await cluster.writeManagers(object, applied.live, taken, signal);
  return await cluster.apply(object, { force: true }, signal);
}

function explained(error: OperationError, object: ManifestObject, managers: readonly string[]): OperationError {
  const who = managers.map((one) => `"${one}"`).join(', ') || 'another manager';
  const remedy = `leave these fields out (deploy.manifests.ignore), or set deploy.manifests.conflicts: Force`;
  return new OperationError(`${error.message}; ${who} owns fields of ${describeObject(object)}: ${remedy}`, {
    code: error.code,
    retry: error.retry,
    context: { ...error.context, managers: managers.join(', ') },
    cause: error,
  });
}
