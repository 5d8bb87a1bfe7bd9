import type { StoredObject } from '../../../core/helm/stored-release.ts';
import { identityKey } from '../../../core/manifest/manifest-object.ts';
import type { ObjectAddress } from '../../ports/cluster-objects.ts';
import type { HelmContext } from './helm-context.ts';

/** Kinds that are well as soon as they are there; no right to watch them is asked for. */
const stateless = new Set([
  'ConfigMap',
  'Secret',
  'ServiceAccount',
  'Role',
  'RoleBinding',
  'ClusterRole',
  'ClusterRoleBinding',
  'NetworkPolicy',
  'PriorityClass',
  'StorageClass',
  'LimitRange',
  'ResourceQuota',
  'Namespace',
]);

/** The objects of a release that have a state, as they are spoken to: those of a namespace get the release's where they name none. */
export async function addressesOf(
  { objects: access }: HelmContext,
  namespace: string,
  objects: readonly StoredObject[],
  signal: AbortSignal,
): Promise<readonly ObjectAddress[]> {
  const judged = objects.filter(({ kind }) => !stateless.has(kind));
  const scopeOf = await access.actingAs(undefined).scopesOf(judged, signal);
  const addresses = judged.map(({ apiVersion, group, kind, name, namespace: own }) => ({
    apiVersion,
    group,
    kind,
    name,
    namespace: scopeOf(apiVersion, kind) === 'Cluster' ? '' : own || namespace,
  }));
  return [...new Map(addresses.map((address) => [identityKey(address), address])).values()];
}
