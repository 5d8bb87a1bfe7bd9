/** What of a change from one set of objects to another going back would not bring back. */
import { isOperationError } from '../../../core/errors.ts';
import { isKept } from '../../../core/manifest/inventory.ts';
import { findOneWays, type OneWay } from '../../../core/manifest/irreversible.ts';
import { identityKey, type ManifestObject } from '../../../core/manifest/manifest-object.ts';
import type { ClusterObjects } from '../../ports/cluster-objects.ts';

export interface SetChange {
  readonly before: readonly ManifestObject[];
  readonly after: readonly ManifestObject[];
  /** Whether what the new set does not have is deleted. */
  readonly prune: boolean;
}

/**
 * A CRD that comes into the set may stand in the cluster already, put there by somebody else: it is compared as it is there.
 *
 * @throws errors of the API server that pass
 */
export async function findSetOneWays(
  cluster: ClusterObjects,
  { before, after, prune }: SetChange,
  signal: AbortSignal,
): Promise<readonly OneWay[]> {
  const wanted = new Set(after.map(identityKey));
  const known = new Set(before.map(identityKey));
  const changing = before.filter((one) => wanted.has(identityKey(one)) || (prune && !isKept(one)));
  const adopted: ManifestObject[] = [];
  for (const one of after.filter((object) => isDefinition(object) && !known.has(identityKey(object)))) {
    const live = await readIfAllowed(cluster, one, signal);
    adopted.push(...(live === undefined ? [] : [{ ...one, object: live }]));
  }
  return findOneWays([...changing, ...adopted], after);
}

function isDefinition({ group, kind }: ManifestObject): boolean {
  return group === 'apiextensions.k8s.io' && kind === 'CustomResourceDefinition';
}

/** Whoever may not read it cannot change it either, which is told when that is tried. */
async function readIfAllowed(cluster: ClusterObjects, object: ManifestObject, signal: AbortSignal) {
  try {
    return await cluster.read(object, signal);
  } catch (error) {
    if (isOperationError(error, 'API_FORBIDDEN')) {
      return undefined;
    }
    throw error;
  }
}
