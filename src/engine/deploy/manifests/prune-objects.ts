/** Deletes what is no longer wanted; what cannot be deleted now stays known and is tried again. */
import { isOperationError, type OperationError } from '../../../core/errors.ts';
import { type Fields, fieldAt, textAt } from '../../../core/health/objects/fields.ts';
import type { InventoryEntry } from '../../../core/manifest/inventory.ts';
import { annotationsOf, optOutsOf } from '../../../core/manifest/opt-outs.ts';
import { inDeletionOrder } from '../../../core/manifest/stages.ts';
import type { ClusterObjects } from '../../ports/cluster-objects.ts';
import { eachOf } from '../each-of.ts';
import { manager } from './apply-one.ts';

export type PruneResult =
  /** `Deleted`: by us. `Gone`: was not there. `Kept`: it, or one of that name that is not ours, stays. */
  | { readonly kind: 'Deleted' | 'Gone' | 'Kept'; readonly entry: InventoryEntry }
  | { readonly kind: 'Failed'; readonly entry: InventoryEntry; readonly error: OperationError };

const mostAtOnce = 8;

/**
 * Deletes in the reverse of the order in which objects are applied, each only if it is still the very object that was applied.
 * A stage begins when the one before was asked to go; finalizers are not waited for.
 */
export async function pruneObjects(
  cluster: ClusterObjects,
  entries: readonly InventoryEntry[],
  signal: AbortSignal,
): Promise<readonly PruneResult[]> {
  const results: PruneResult[] = [];
  for (const stage of inDeletionOrder(entries)) {
    results.push(...(await eachOf(stage, mostAtOnce, (entry) => pruneOrFail(cluster, entry, signal))));
  }
  return results;
}

async function pruneOrFail(cluster: ClusterObjects, entry: InventoryEntry, signal: AbortSignal): Promise<PruneResult> {
  try {
    return { kind: await pruneOne(cluster, entry, signal), entry };
  } catch (error) {
    signal.throwIfAborted();
    if (!isOperationError(error) || error.code === 'INVARIANT') {
      throw error;
    }
    return { kind: 'Failed', entry, error };
  }
}

async function pruneOne(
  cluster: ClusterObjects,
  entry: InventoryEntry,
  signal: AbortSignal,
): Promise<'Deleted' | 'Gone' | 'Kept'> {
  if (entry.keep === true) {
    return 'Kept';
  }
  const uid = entry.uid === '' ? await findOwnUid(cluster, entry, signal) : entry.uid;
  if (uid === undefined) {
    return 'Gone';
  }
  const result = await cluster.delete(entry, uid, signal);
  return result === 'Replaced' ? 'Kept' : result === 'Gone' ? 'Gone' : 'Deleted';
}

/** For an object of which it was not written down whether it was made: only one that bears our name counts. */
async function findOwnUid(
  cluster: ClusterObjects,
  entry: InventoryEntry,
  signal: AbortSignal,
): Promise<string | undefined> {
  const live = await cluster.read(entry, signal);
  if (live === undefined || !isApplied(live) || optOutsOf({ metadata: { annotations: annotationsOf(live) } }).keep) {
    return undefined;
  }
  return textAt(live, 'metadata.uid', '');
}

function isApplied(live: Fields): boolean {
  const managers = fieldAt(live, 'metadata.managedFields');
  return (
    Array.isArray(managers) &&
    managers.some((entry: Fields) => entry['manager'] === manager && entry['operation'] === 'Apply')
  );
}
