/** What the engine needs of OCI artifacts: content in a registry that is no image. */
import type { Repository } from '../../core/image/reference.ts';
import type { RegistryAccess } from './registry.ts';
import type { SourceTree } from './source-tree.ts';

/** A manifest that has layers, as its media type says (OCI image spec, "Image Manifest"). */
export interface ArtifactManifest {
  readonly digest: string;
  readonly config: ArtifactDescriptor;
  readonly layers: readonly ArtifactDescriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ArtifactDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly sizeBytes: number;
}

/** Which content of which repository. */
export interface ArtifactPlace {
  readonly repository: Repository;
  readonly access: RegistryAccess;
}

/** Artifacts of a registry by manifest and blob. Errors as those of Registry. */
export interface ArtifactRegistry {
  /**
   * Undefined when the registry has none.
   *
   * @throws REGISTRY_ANSWER_INVALID also when it is an index
   */
  findArtifact(place: ArtifactPlace, tagOrDigest: string, signal: AbortSignal): Promise<ArtifactManifest | undefined>;
  /** The bytes behind a descriptor, compared with its digest. */
  fetchBlob(place: ArtifactPlace, blob: WantedBlob, signal: AbortSignal): Promise<Buffer>;
}

export interface WantedBlob {
  readonly descriptor: ArtifactDescriptor;
  /** A larger one is an error before it is fetched. */
  readonly maxBytes: number;
}

/** Artifacts that hold files, as `flux push artifact` makes them. */
export interface Artifacts {
  /**
   * The files below a path; paths are from the root of the artifact.
   *
   * @param version.digest of the manifest
   * @param version.path readable by parseTreePath; '' is the whole artifact
   * @throws ARTIFACT_INVALID when it is no archive of files, or larger than the bounds; errors of ArtifactRegistry
   */
  readTree(
    place: ArtifactPlace,
    version: { readonly digest: string; readonly path: string },
    signal: AbortSignal,
  ): Promise<SourceTree>;
}
