/** A Release: exact versions of one or more Apps that were tested together. */
import type { Source } from '../app/app.ts';

export interface Release {
  readonly name: string;
  readonly channel: string;
  /** Counts the Releases of the channel; the higher is the newer. */
  readonly sequence: number;
  readonly createdAt: Date;
  readonly previous: string | undefined;
  readonly apps: readonly ReleasedApp[];
  /** Its files in the channel. */
  readonly targets: readonly ReleaseTarget[];
  /** Clusters have to run it before they take anything newer. */
  readonly barrier: boolean;
  readonly deadEnds: readonly DeadEnd[];
  readonly requires: ReleaseRequirements;
  readonly notes: string | undefined;
  readonly links: readonly Link[];
  readonly changes: readonly ReleaseChange[];
  readonly soakedForMs: number;
}

export interface ReleasedApp {
  readonly name: string;
  /** In the hub. */
  readonly namespace: string;
  /** `spec` of the App as JSON. */
  readonly definition: string;
  /** One for each of its sources. */
  readonly versions: readonly ReleasedVersion[];
}

export interface ReleasedVersion {
  readonly source: string;
  readonly kind: Exclude<Source['kind'], 'Release'>;
  /** As the App writes it. */
  readonly location: string;
  readonly tag: string | undefined;
  readonly digest: string;
  /** The file in the channel that holds it. */
  readonly target: string | undefined;
}

export interface ReleaseTarget {
  readonly path: string;
  /** Undefined: of the Release itself. */
  readonly app?: string | undefined;
  readonly kind: 'Chart' | 'Manifests' | 'Evidence';
  readonly length: number;
  readonly sha256: string;
}

export interface DeadEnd {
  readonly release: string;
  readonly reason: string;
}

export interface ReleaseRequirements {
  readonly headgate: string | undefined;
  readonly kubernetes: string | undefined;
}

export interface Link {
  readonly name: string;
  readonly url: string;
}

export interface ReleaseChange {
  readonly app: string;
  readonly kind: 'Added' | 'Removed' | 'Version' | 'Definition';
  readonly source?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}
