/** Watches the Helm releases whose values are followed, where they are. */
import { ClusterHelmReleases } from '../../adapters/cluster/helm-releases.ts';
import { ReleaseWatch } from '../../adapters/cluster/release-watch.ts';
import { releaseKey } from '../../controllers/adoption-controller.ts';
import type { AdoptionSettings } from '../../core/adopt/read-marks.ts';
import type { OperationError } from '../../core/errors.ts';
import type { AdoptableReleases } from '../../engine/ports/adoptable-releases.ts';
import type { KubeClient } from '../../kube/client.ts';

export interface WatchReleasesOptions {
  readonly client: KubeClient;
  readonly namespaces: readonly string[];
  readonly adoption: AdoptionSettings;
  readonly onError: (error: OperationError) => void;
  readonly signal: AbortSignal;
}

export interface WatchedReleases {
  readonly adoptableReleases: AdoptableReleases | undefined;
  /** Nothing is left of what was there at the start and has not been told. */
  isSynced(): boolean;
}

/** Starts to watch at once. @param wake by the key of an adoption */
export function watchReleases(options: WatchReleasesOptions, wake: (key: string) => void): WatchedReleases {
  const { client, onError, signal } = options;
  if (!options.adoption.followsReleases) {
    return { adoptableReleases: undefined, isSynced: () => true };
  }
  const nobody = () => undefined;
  const releases = new ClusterHelmReleases({ client, onChange: nobody, onError, signal });
  const watched = new ReleaseWatch({ ...options, releases, onChange: (release) => wake(releaseKey(release)) });
  let isSynced = false;
  watched.synced.then(
    () => {
      isSynced = true;
    },
    // Ended before that.
    () => undefined,
  );
  return { adoptableReleases: watched, isSynced: () => isSynced };
}
