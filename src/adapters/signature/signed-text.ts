/** One signature with what it covers and what vouches for it, the same for all the ways in which it may lie in a registry. */
import { type Bundle, bundleFromJSON } from '@sigstore/bundle';
import { type ReadClaim, readSimpleSigning, readStatement } from '../../core/signature/claim.ts';

export interface SignedText {
  readonly bundle: Bundle;
  /** What the signature is over: a text, or the encoding of a DSSE envelope (DSSE protocol, "PAE"). */
  readonly signedBytes: Buffer;
  readonly payload: Buffer;
  /** What a timestamp authority has seen. */
  readonly stampedBytes: Buffer;
  readonly claim: ReadClaim;
}

/** More would only cost time; one is usual. */
const maxLogEntries = 8;
const maxTimestamps = 8;
const maxCertificateBytes = 65_536;

/** Reads a Sigstore bundle; a text says why it is none that is of use. */
export function readBundle(json: Buffer): SignedText | string {
  let bundle: Bundle;
  try {
    bundle = bundleFromJSON(JSON.parse(json.toString('utf8')));
  } catch (error) {
    return `it is no Sigstore bundle: ${error instanceof Error ? error.message : String(error)}`;
  }
  return bundle.content.$case === 'dsseEnvelope'
    ? envelopeOf(bundle, bundle.content.dsseEnvelope)
    : 'the bundle holds no DSSE envelope';
}

/** A bundle that holds an envelope. */
export function envelopeOf(
  bundle: Bundle,
  {
    payloadType,
    payload,
    signatures,
  }: {
    readonly payloadType: string;
    readonly payload: Buffer;
    readonly signatures: readonly { readonly sig: Buffer }[];
  },
): SignedText | string {
  return (
    findExcess(bundle) ?? {
      bundle,
      payload,
      signedBytes: encodeEnvelope(payloadType, payload),
      stampedBytes: signatures[0]?.sig ?? Buffer.alloc(0),
      claim: readStatement(payloadType, payload),
    }
  );
}

/** A text of cosign's first layout. */
export function simpleSigningOf(bundle: Bundle, payload: Buffer, signature: Buffer): SignedText | string {
  return (
    findExcess(bundle) ?? {
      bundle,
      payload,
      signedBytes: payload,
      stampedBytes: signature,
      claim: readSimpleSigning(payload),
    }
  );
}

function findExcess({ verificationMaterial }: Bundle): string | undefined {
  const { tlogEntries, timestampVerificationData, content } = verificationMaterial;
  const stamps = timestampVerificationData?.rfc3161Timestamps.length ?? 0;
  if (tlogEntries.length > maxLogEntries || stamps > maxTimestamps) {
    return `it has ${tlogEntries.length} log entries and ${stamps} timestamps, too many to look at`;
  }
  const certificate = certificateOf(content);
  return certificate !== undefined && certificate.length > maxCertificateBytes
    ? 'its certificate is too large'
    : undefined;
}

/** The signer's own certificate (DER), if it signed with one. */
export function certificateOf(content: Bundle['verificationMaterial']['content']): Buffer | undefined {
  switch (content.$case) {
    case 'certificate':
      return content.certificate.rawBytes;
    case 'x509CertificateChain':
      return content.x509CertificateChain.certificates[0]?.rawBytes;
    default:
      return undefined;
  }
}

/** Both lengths are in bytes; what is signed covers the type, so that one text cannot be taken for another kind. */
function encodeEnvelope(payloadType: string, payload: Buffer): Buffer {
  const type = Buffer.from(payloadType, 'utf8');
  const head = `DSSEv1 ${type.length} ${payloadType} ${payload.length} `;
  return Buffer.concat([Buffer.from(head, 'utf8'), payload]);
}
