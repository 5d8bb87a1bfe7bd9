/** Files of manifests, and the programs that make objects of them. */
import type { ReadObject } from '../../core/manifest/desired-set.ts';
import type { SourceTree } from './source-tree.ts';

/** Folders on the disk of whoever runs Headgate. */
export interface Folders {
  /**
   * Reads a folder below the one that Headgate was told to read from.
   *
   * @returns its files and the digest of them all, which changes with every byte and name
   * @throws FOLDER_UNUSABLE when there is none, it leads out of its place, or it is larger than the bounds
   */
  readTree(path: string, signal: AbortSignal): Promise<SourceTree & { readonly digest: string }>;
}

export interface RenderRequest {
  readonly tree: SourceTree;
  /** Folder or file in the tree; '' is all of it. */
  readonly path: string;
  /** age keys for what SOPS encrypted. */
  readonly ageKeys?: string;
}

export interface ManifestRenderer {
  /**
   * The objects of a folder: by `kubectl kustomize` where it has a kustomization, else of every YAML and JSON file.
   *
   * @throws MANIFEST_INVALID naming file, document and line; the program's own words where one of them refuses
   */
  render(request: RenderRequest, signal: AbortSignal): Promise<readonly ReadObject[]>;
}
