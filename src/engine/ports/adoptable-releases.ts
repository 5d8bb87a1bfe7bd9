/** Helm releases of the cluster, whoever installed them, from watched copies. */
import type { Values } from '../../core/helm/values.ts';
import type { ReleaseKey } from './helm.ts';

export type DeployedRelease =
  /** Never there, or uninstalled. */
  | { readonly kind: 'Absent' }
  /** An operation is under way, or the only one failed: nothing can be said. */
  | { readonly kind: 'Unsettled' }
  /** @property values of the release, with the chart's own below them */
  | { readonly kind: 'Deployed'; readonly values: Values };

export interface AdoptableReleases {
  /** @throws HELM_RELEASE_INVALID for what Helm did not write */
  find(release: ReleaseKey, signal: AbortSignal): Promise<DeployedRelease>;
}
