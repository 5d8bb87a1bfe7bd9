/** The deploy kind `manifests` with what it needs of cluster and machine. */
import { applySetOf, ClusterAppObjects } from '../../adapters/cluster/app-objects.ts';
import { createObjectAccess } from '../../adapters/cluster/objects.ts';
import { ObjectWatcher } from '../../adapters/cluster/watched-objects.ts';
import { createFolders } from '../../adapters/manifests/folders.ts';
import { createManifestRenderer } from '../../adapters/manifests/renderer.ts';
import type { TimeLimit } from '../../core/cel/time-limit.ts';
import type { OperationError } from '../../core/errors.ts';
import type { Deployer } from '../../engine/deploy/deployer.ts';
import type { RevisionContext } from '../../engine/deploy/manifests/manifests-context.ts';
import { createManifestsDeployer } from '../../engine/deploy/manifests/manifests-deployer.ts';
import { createTreeReader, type TreeContext } from '../../engine/deploy/manifests/read-tree.ts';
import type { Folders } from '../../engine/ports/manifest-files.ts';
import type { Records } from '../../engine/ports/records.ts';
import type { Workloads } from '../../engine/ports/workloads.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';
import type { Discovery } from '../../kube/discovery.ts';

/** What of the machine manifests may use. */
export interface ManifestSettings {
  /** Apps may read from folders below it; from none when undefined. */
  readonly sourceFolder: string | undefined;
  /** PATH on which kubectl and sops are found. */
  readonly searchPath: string;
}

export interface RevisionParts {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly discovery: Discovery;
  readonly settings: ManifestSettings;
  readonly sources: Omit<TreeContext, 'folders'>;
}

export interface ManifestParts extends RevisionParts {
  readonly records: Records;
  readonly workloads: Workloads;
  /** @param app `namespace/name` */
  readonly onObjectChange: (app: string) => void;
  readonly onError: (error: OperationError) => void;
  readonly limit: TimeLimit;
  readonly signal: AbortSignal;
}

export function createManifests(parts: ManifestParts): { readonly deployer: Deployer; readonly folders: Folders } {
  const { client, clock, discovery, records, workloads, onError, signal } = parts;
  const { context, folders } = createManifestsContext(parts);
  const watched = new ObjectWatcher({
    client,
    discovery,
    clock,
    onChange: parts.onObjectChange,
    onError,
    limit: parts.limit,
    signal,
  });
  return { deployer: createManifestsDeployer({ ...context, watched, workloads, records, clock }), folders };
}

/** What makes objects of an App's sources, without watching anything. */
export function createManifestsContext({ client, clock, discovery, settings, sources }: RevisionParts): {
  readonly context: RevisionContext;
  readonly folders: Folders;
} {
  const folders = createFolders({ root: settings.sourceFolder });
  const context = {
    access: createObjectAccess({ client, discovery, clock }),
    objects: new ClusterAppObjects(client),
    renderer: createManifestRenderer({ kubectl: 'kubectl', sops: 'sops', path: settings.searchPath }),
    trees: createTreeReader({ ...sources, folders }),
    applySetOf,
  };
  return { context, folders };
}
