/** What is put into registries: channels, and copies of images. */
import type { ArtifactPlace } from './artifacts.ts';

export interface NewBlob {
  readonly digest: string;
  readonly sizeBytes: number;
  /** The bytes, or where they are read from; called again where the registry asks for credentials first. */
  readonly content: Uint8Array | (() => AsyncIterable<Uint8Array>);
}

export interface NewManifest {
  readonly mediaType: string;
  readonly body: Buffer;
}

/** Errors of every method: those of Registry. */
export interface RegistryWriter {
  hasBlob(place: ArtifactPlace, digest: string, signal: AbortSignal): Promise<boolean>;
  /** Harmless to repeat: what is there already is not sent again. */
  writeBlob(place: ArtifactPlace, blob: NewBlob, signal: AbortSignal): Promise<void>;
  /**
   * Whoever asks for the tag gets the former manifest or this one, wholly.
   *
   * @param tagOrDigest a digest has to be that of the body
   */
  writeManifest(place: ArtifactPlace, tagOrDigest: string, manifest: NewManifest, signal: AbortSignal): Promise<void>;
  /** Writes a blob into a new file, and compares it with its digest. @throws REGISTRY_ANSWER_INVALID also when it is larger than said */
  saveBlob(
    place: ArtifactPlace,
    blob: { readonly digest: string; readonly sizeBytes: number },
    file: string,
    signal: AbortSignal,
  ): Promise<void>;
}
