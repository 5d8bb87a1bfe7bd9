/** What is attached to a digest in a registry: signatures and attestations, under tags made of the digest or as its referrers. */
import type { ArtifactPlace } from './artifacts.ts';

export interface StoredManifest {
  readonly digest: string;
  /** As it came; its digest is right, nothing else was looked at. At most 4 MiB. */
  readonly body: Buffer;
}

/** One that refers to a digest. What it says of itself was written by whoever pushed it. */
export interface Referrer {
  readonly digest: string;
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Errors of every method are those of the registry client. */
export interface AttachmentStore {
  /** Of any kind; undefined when the registry has none. */
  readManifest(place: ArtifactPlace, tagOrDigest: string, signal: AbortSignal): Promise<StoredManifest | undefined>;
  /**
   * Bytes whose digest is right.
   *
   * @param blob.maxBytes more are an error
   * @throws REGISTRY_NOT_FOUND besides
   */
  readBlob(
    place: ArtifactPlace,
    blob: { readonly digest: string; readonly maxBytes: number },
    signal: AbortSignal,
  ): Promise<Buffer>;
  /**
   * Manifests whose subject is this digest, by the referrers API or by the index that clients keep under a tag where a registry has
   * none (OCI distribution spec, "Listing Referrers"); at most 500, a list that is longer is cut.
   */
  listReferrers(place: ArtifactPlace, digest: string, signal: AbortSignal): Promise<readonly Referrer[]>;
}
