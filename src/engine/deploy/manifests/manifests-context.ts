import type { ManifestsDeploy } from '../../../core/app/manifests-deploy.ts';
import { type Fields, textAt } from '../../../core/health/objects/fields.ts';
import { groupOf, type ManifestObject } from '../../../core/manifest/manifest-object.ts';
import type { AppName, AppObjects } from '../../ports/app-objects.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ClusterObjects, ObjectAccess } from '../../ports/cluster-objects.ts';
import type { ManifestRenderer } from '../../ports/manifest-files.ts';
import type { Records } from '../../ports/records.ts';
import type { WatchedObjects } from '../../ports/watched-objects.ts';
import type { Workloads } from '../../ports/workloads.ts';
import type { TreeReader } from './read-tree.ts';

/** What it takes to make the objects of an App. */
export interface RevisionContext {
  readonly access: ObjectAccess;
  readonly objects: AppObjects;
  readonly renderer: ManifestRenderer;
  readonly trees: TreeReader;
  /** Id of the ApplySet that an App's objects belong to. */
  readonly applySetOf: (app: { readonly namespace: string; readonly name: string }) => string;
}

/** What the deploy kind `manifests` needs of the world. */
export interface ManifestsContext extends RevisionContext {
  readonly watched: WatchedObjects;
  readonly workloads: Workloads;
  readonly records: Records;
  readonly clock: Clock;
}

/** The cluster with the rights that the App has. */
export function clusterFor(
  { access }: Pick<RevisionContext, 'access'>,
  { namespace }: { readonly namespace: string },
  serviceAccount: ManifestsDeploy['serviceAccount'],
): ClusterObjects {
  return access.actingAs(serviceAccount === undefined ? undefined : { namespace, name: serviceAccount });
}

/** As remembered: an object that was made whole before. */
export function toManifestObject(object: Fields): ManifestObject {
  const apiVersion = textAt(object, 'apiVersion', '');
  return {
    apiVersion,
    group: groupOf(apiVersion),
    kind: textAt(object, 'kind', ''),
    namespace: textAt(object, 'metadata.namespace', ''),
    name: textAt(object, 'metadata.name', ''),
    object,
  };
}

/** The name under which an App's objects are kept. */
export function appNameOf({
  metadata,
}: {
  readonly metadata: { readonly namespace: string; readonly name: string; readonly uid: string };
}): AppName {
  const { namespace, name, uid } = metadata;
  return { namespace, name, uid };
}
