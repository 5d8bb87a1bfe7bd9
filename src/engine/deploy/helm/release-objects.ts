import type { StoredObject } from '../../../core/helm/stored-release.ts';
import { identityKey } from '../../../core/manifest/manifest-object.ts';
import type { ObjectAddress } from '../../ports/cluster-objects.ts';
import type { HelmContext } from './helm-context.ts';

/** Kinds that are well as soon as they are there; no right to watch them is asked for. */
const statelessKinds = new Set([
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

/** The objects of a release as they are spoken to: those of a namespace get the release's where they name none. */
export async function addressesOf(
  { objects: access }: HelmContext,
  namespace: string,
  objects: readonly StoredObject[],
  signal: AbortSignal,
): Promise<readonly ObjectAddress[]> {
  const scopeOf = await access.actingAs(undefined).scopesOf(objects, signal);
  const addresses = objects.map(({ apiVersion, group, kind, name, namespace: own }) => ({
    apiVersion,
    group,
    kind,
    name,
    namespace: scopeOf(apiVersion, kind) === 'Cluster' ? '' : own || namespace,
  }));
  return [...new Map(addresses.map((address) => [identityKey(address), address])).values()];
}

/** Whether an object of this kind can be anything but well. */
export function hasState({ kind }: { readonly kind: string }): boolean {
  return !statelessKinds.has(kind);
}
