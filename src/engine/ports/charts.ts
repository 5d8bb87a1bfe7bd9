/** What the engine needs of Helm chart repositories, with an index.yaml or in a registry. */
import type { ChartLocation } from '../../core/chart/chart-location.ts';
import type { RegistryAccess } from './registry.ts';

export interface ChartPlace {
  readonly location: ChartLocation;
  readonly access: RegistryAccess;
}

/** What a repository says of one version of a chart. */
export interface ChartVersion {
  readonly version: string;
  /** `sha256:...` of the archive, or of the manifest in a registry. */
  readonly digest: string;
  readonly appVersion?: string;
  /** Range of Kubernetes versions, as the chart has it. */
  readonly kubeVersion?: string;
  readonly created?: string;
  readonly deprecated: boolean;
}

export interface FoundProvenance {
  readonly content: Buffer;
  /** `sha256:<hex>`. */
  readonly archiveDigest: string;
}

/**
 * Chart repositories. Errors of every method: those of Registry, also for repositories with an index (REGISTRY_NOT_FOUND: also
 * when it has no such chart), and CHART_INVALID (not what Helm says, or larger than the bounds).
 */
export interface Charts {
  /** All versions, each once, in the repository's order; complete, or an error. */
  listVersions(place: ChartPlace, signal: AbortSignal): Promise<readonly string[]>;
  /** Undefined when the repository has no such version. */
  findVersion(place: ChartPlace, version: string, signal: AbortSignal): Promise<ChartVersion | undefined>;
  /** The provenance file of a version and the digest of the archive that it must be about; undefined when there is none. */
  findProvenance(
    place: ChartPlace,
    version: { readonly version: string; readonly digest: string },
    signal: AbortSignal,
  ): Promise<FoundProvenance | undefined>;
  /**
   * The archive (`.tgz`) of a version, its digest compared with the one that the version was chosen by.
   *
   * @throws CHART_INVALID when what comes has another digest or is larger than 20 MiB
   */
  fetchArchive(
    place: ChartPlace,
    version: { readonly version: string; readonly digest: string },
    signal: AbortSignal,
  ): Promise<Buffer>;
}
