/** What the engine needs to know whether a version was signed by whom a policy trusts. */
import type { Repository } from '../../core/image/reference.ts';
import type { SignaturePolicy, SignatureTrust } from '../../core/signature/signature-policy.ts';
import type { ArtifactPlace } from './artifacts.ts';

/** About one version of an image, a chart or any other artifact of a registry. */
export interface VerificationRequest {
  readonly place: ArtifactPlace;
  /** Of the manifest or index, `<algorithm>:<hex>`. */
  readonly digest: string;
  readonly policy: SignaturePolicy;
  readonly trust: SignatureTrust;
}

export type SignatureVerdict =
  /** By whom, for people. */
  | { readonly kind: 'Verified'; readonly by: readonly string[] }
  | { readonly kind: 'Unverified'; readonly reason: string };

export interface SignatureVerifier {
  /**
   * A registry that cannot be asked says nothing about a signature: that is an error, not a verdict.
   *
   * @throws SECRET_INVALID for keys and roots that cannot be read, and the errors of the registry client
   */
  verify(request: VerificationRequest, signal: AbortSignal): Promise<SignatureVerdict>;
  /** Something was pushed there, maybe a signature. */
  forget(repository: Repository): void;
}

/** Where public keys are. */
export interface KeysPlace {
  readonly namespace: string;
  readonly secret: string;
  /** Field of the source that names it, for errors. */
  readonly field: string;
}

/** A public key, or several, in one entry of a Secret. */
export interface PublicKeyFile {
  readonly name: string;
  readonly content: Buffer;
}

/** What the policies of Apps trust, from the objects that they name. */
export interface SignatureTrusts {
  /**
   * Kept for some minutes, or until `forget`.
   *
   * @throws SECRET_NOT_FOUND, SECRET_INVALID; `context.field` names the field of the source's image
   */
  trustFor(namespace: string, policy: SignaturePolicy, signal: AbortSignal): Promise<SignatureTrust>;
  /**
   * All entries of a Secret with public keys. Kept as the others.
   *
   * @throws SECRET_NOT_FOUND, SECRET_INVALID when it has none
   */
  keysOf(where: KeysPlace, signal: AbortSignal): Promise<readonly PublicKeyFile[]>;
  forgetKeys(where: KeysPlace): void;
  forget(namespace: string, policy: SignaturePolicy): void;
}

export interface ProvenanceQuestion {
  /** The file beside the archive, as it came. */
  readonly provenance: Buffer;
  readonly chart: {
    readonly name: string;
    readonly version: string;
    /** `sha256:<hex>`. */
    readonly archiveDigest: string;
  };
  readonly keyring: readonly PublicKeyFile[];
}

export interface ProvenanceVerifier {
  /**
   * Whether a key of the keyring vouches for this very archive.
   *
   * @throws SECRET_INVALID for what is no keyring, CONFIG_INVALID where gpg cannot be run
   */
  verify(question: ProvenanceQuestion, signal: AbortSignal): Promise<SignatureVerdict>;
}
