/** Tags below which a registry keeps what belongs to a digest. */
export interface AttachedTags {
  /** Signatures and attestations in cosign's first layout (cosign, `SIGNATURE_SPEC.md`). */
  readonly signatures: string;
  readonly attestations: string;
  /** The list of what refers to it, where the registry has no such list itself (OCI distribution spec, "Referrers Tag Schema"). */
  readonly referrers: string;
}

/** @param digest `algorithm:hex` */
export function attachedTags(digest: string): AttachedTags {
  const name = digest.replace(':', '-');
  return { signatures: `${name}.sig`, attestations: `${name}.att`, referrers: name };
}
