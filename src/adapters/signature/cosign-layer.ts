/**
 * Cosign's first layout: one layer of a manifest is one signature, with what belongs to it in the layer's annotations
 * (cosign, specs/SIGNATURE_SPEC.md). Made into the parts of a bundle, so that both layouts are checked by the same code.
 */
import { createHash, X509Certificate } from 'node:crypto';
import type { Bundle } from '@sigstore/bundle';
import { HashAlgorithm } from '@sigstore/protobuf-specs';
import { isRecord } from '../../core/signature/record.ts';
import { envelopeOf, type SignedText, simpleSigningOf } from './signed-text.ts';

/** One layer with its blob. */
export interface CosignLayer {
  readonly annotations: Readonly<Record<string, string>>;
  readonly blob: Buffer;
}

type VerificationMaterial = Bundle['verificationMaterial'];

const keys = {
  signature: 'dev.cosignproject.cosign/signature',
  certificate: 'dev.sigstore.cosign/certificate',
  logEntry: 'dev.sigstore.cosign/bundle',
  timestamp: 'dev.sigstore.cosign/rfc3161timestamp',
} as const;
const mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.1';
const maxEnvelopeSignatures = 8;

/** A signature of `sha256-<hex>.sig`; a text says why it is none. */
export function readSignatureLayer({ annotations, blob }: CosignLayer): SignedText | string {
  return attempt(() => {
    const signature = Buffer.from(annotations[keys.signature] ?? '', 'base64');
    if (signature.length === 0) {
      return 'it has no signature';
    }
    const digest = createHash('sha256').update(blob).digest();
    const content: Bundle['content'] = {
      $case: 'messageSignature',
      messageSignature: { messageDigest: { algorithm: HashAlgorithm.SHA2_256, digest }, signature },
    };
    return simpleSigningOf({ mediaType, content, verificationMaterial: materialOf(annotations) }, blob, signature);
  });
}

/** The attestations of a layer of `sha256-<hex>.att`: an envelope may be signed by several. */
export function readAttestationLayer({ annotations, blob }: CosignLayer): readonly (SignedText | string)[] {
  const envelope = attempt(() => JSON.parse(blob.toString('utf8')));
  const { payloadType, payload, signatures } = isRecord(envelope) ? envelope : {};
  if (typeof payloadType !== 'string' || typeof payload !== 'string' || !Array.isArray(signatures)) {
    return ['it is no DSSE envelope'];
  }
  return signatures.slice(0, maxEnvelopeSignatures).map((one: unknown) =>
    attempt(() => {
      const sig = isRecord(one) && typeof one['sig'] === 'string' ? Buffer.from(one['sig'], 'base64') : Buffer.alloc(0);
      const dsseEnvelope = { payloadType, payload: Buffer.from(payload, 'base64'), signatures: [{ sig, keyid: '' }] };
      const content: Bundle['content'] = { $case: 'dsseEnvelope', dsseEnvelope };
      const signed = envelopeOf({ mediaType, content, verificationMaterial: materialOf(annotations) }, dsseEnvelope);
      // In this layout, and in no other, the authority has seen the whole envelope.
      return typeof signed === 'string' ? signed : { ...signed, stampedBytes: blob };
    }),
  );
}

function attempt<T>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    return `its annotations cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function materialOf(annotations: Readonly<Record<string, string>>): VerificationMaterial {
  const pem = annotations[keys.certificate];
  const content: VerificationMaterial['content'] = pem
    ? { $case: 'certificate', certificate: { rawBytes: Buffer.from(new X509Certificate(pem).raw) } }
    : { $case: 'publicKey', publicKey: { hint: '' } };
  const entry = annotations[keys.logEntry];
  const timestamp = annotations[keys.timestamp];
  return {
    content,
    tlogEntries: entry ? [logEntryOf(JSON.parse(entry))] : [],
    timestampVerificationData: timestamp
      ? { rfc3161Timestamps: [{ signedTimestamp: base64Of(JSON.parse(timestamp), 'SignedRFC3161Timestamp') }] }
      : undefined,
  };
}

/** From the form in which cosign keeps an entry of Rekor with its promise (SET). */
function logEntryOf(bundle: unknown): VerificationMaterial['tlogEntries'][number] {
  const payload = isRecord(bundle) ? bundle['Payload'] : undefined;
  const fields = isRecord(payload) ? payload : {};
  const canonicalizedBody = base64Of(fields, 'body');
  const { kind, apiVersion } = JSON.parse(canonicalizedBody.toString('utf8'));
  return {
    logIndex: String(fields['logIndex']),
    logId: { keyId: Buffer.from(String(fields['logID']), 'hex') },
    kindVersion: { kind: String(kind), version: String(apiVersion) },
    integratedTime: String(fields['integratedTime']),
    inclusionPromise: { signedEntryTimestamp: base64Of(bundle, 'SignedEntryTimestamp') },
    inclusionProof: undefined,
    canonicalizedBody,
  };
}

function base64Of(record: unknown, field: string): Buffer {
  const text = isRecord(record) ? record[field] : undefined;
  return Buffer.from(typeof text === 'string' ? text : '', 'base64');
}
