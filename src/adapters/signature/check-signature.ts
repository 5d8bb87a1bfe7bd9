/** Whether one signature was made by whom a policy trusts. What the signed text then says is another matter. */
import { createHash, type KeyObject, timingSafeEqual, verify, X509Certificate } from 'node:crypto';
import type { Bundle } from '@sigstore/bundle';
import { type SignedEntity, type Signer, toSignedEntity, Verifier } from '@sigstore/verify';
import { isTrustedIdentity, type SignaturePolicy } from '../../core/signature/signature-policy.ts';
import { logEntryKey } from './log-entry-key.ts';
import { certificateOf, type SignedText } from './signed-text.ts';
import type { CompiledTrust, NamedKey } from './trust.ts';

/** RFC 5280, 4.2.1.12; Fulcio's certificates have it, and a certificate for a web server must not sign. */
const codeSigning = '1.3.6.1.5.5.7.3.3';

export type Checked =
  /** By whom, for people: the name of a key, or the identity in a certificate. */
  { readonly kind: 'Trusted'; readonly by: string } | { readonly kind: 'Refused'; readonly reason: string };

/** Never throws: everything that can be wrong with foreign bytes is a reason. */
export function checkSignature(signed: SignedText, policy: SignaturePolicy, trust: CompiledTrust): Checked {
  try {
    const { content } = signed.bundle.verificationMaterial;
    const certificate = certificateOf(content);
    if (policy.signers.kind === 'Keys') {
      return checkByKeys(signed, policy, trust);
    }
    return certificate === undefined
      ? refused('it was made with a key, not with a certificate')
      : checkByCertificate(signed, { certificate, policy, trust });
  } catch (error) {
    return refused(reasonOf(error));
  }
}

function checkByKeys(signed: SignedText, policy: SignaturePolicy, trust: CompiledTrust): Checked {
  const good = trust.keys.find(({ key }) => verifyBytes(key, signed.signedBytes, signatureOf(signed.bundle)));
  if (good === undefined) {
    return refused(trust.keys.length === 1 ? 'it was not made with the key' : 'it was made with none of the keys');
  }
  if (policy.transparencyLog === 'Required') {
    requireLogged(signed, good, trust);
  }
  return { kind: 'Trusted', by: good.name };
}

/** A key has no time at which it must have signed, so that only the entry itself matters. */
function requireLogged(signed: SignedText, { key }: NamedKey, trust: CompiledTrust): void {
  const material = { ...trust.material, publicKey: () => ({ publicKey: key, validFor: () => true }) };
  const verifier = new Verifier(material, { tlogThreshold: 1, ctlogThreshold: 0, timestampThreshold: 0 });
  const entity = entityOf(signed);
  verifier.verify({ ...entity, key: { $case: 'public-key', hint: '' }, timestamps: [] });
  requireLogKey(signed.bundle, key.export({ type: 'spki', format: 'der' }));
}

function checkByCertificate(
  signed: SignedText,
  {
    certificate,
    policy,
    trust,
  }: { readonly certificate: Buffer; readonly policy: SignaturePolicy; readonly trust: CompiledTrust },
): Checked {
  const isLogRequired = policy.transparencyLog === 'Required';
  const verifier = new Verifier(
    { ...trust.material, publicKey: noKey },
    { tlogThreshold: isLogRequired ? 1 : 0, ctlogThreshold: 1, timestampThreshold: 1 },
  );
  const { identity } = verifier.verify(isLogRequired ? entityOf(signed) : withoutLog(entityOf(signed)));
  if (isLogRequired) {
    requireLogKey(signed.bundle, certificate);
  }
  if (new X509Certificate(certificate).keyUsage?.includes(codeSigning) !== true) {
    return refused('its certificate is not for signing code');
  }
  return checkIdentity(identity, policy);
}

function checkIdentity(identity: Signer['identity'], { signers }: SignaturePolicy): Checked {
  const issuer = identity?.extensions?.issuer;
  const subject = identity?.subjectAlternativeName;
  if (issuer === undefined || subject === undefined) {
    return refused('its certificate names no issuer, or neither a URI nor an e-mail address');
  }
  const isTrusted = signers.kind === 'Identities' && isTrustedIdentity(signers.identities, { issuer, subject });
  const who = `${clip(subject)} of ${clip(issuer)}`;
  return isTrusted ? { kind: 'Trusted', by: who } : refused(`it was made by ${who}, who is not trusted`);
}

/** The library's own way of checking the signature knows one hash only; all else is its own. */
function entityOf({ bundle, signedBytes, payload, stampedBytes }: SignedText): SignedEntity {
  const signature = signatureOf(bundle);
  return {
    ...toSignedEntity(bundle, payload),
    signature: {
      // Only timestamps are compared with this.
      signature: stampedBytes,
      compareSignature: (other) => isEqual(other, signature),
      compareDigest: (digest) => isEqual(digest, sha256(payload)),
      compareSignedDigest: (digest) => isEqual(digest, sha256(signedBytes)),
      verifySignature: (key) => verifyBytes(key, signedBytes, signature),
    },
  };
}

/** Only what an authority has stamped then tells the time. */
function withoutLog(entity: SignedEntity): SignedEntity {
  return {
    ...entity,
    tlogEntries: [],
    timestamps: entity.timestamps.filter((one) => one.$case === 'timestamp-authority'),
  };
}

function requireLogKey({ verificationMaterial }: Bundle, expected: Buffer): void {
  for (const { canonicalizedBody } of verificationMaterial.tlogEntries) {
    if (logEntryKey(canonicalizedBody)?.equals(expected) !== true) {
      throw new Error('the entry in the transparency log is about another key');
    }
  }
}

/** Cosign verifies with SHA-256 whatever the key, but signs with the hash that is as strong as the curve; both are good. */
const hashesOfCurve: Readonly<Record<string, readonly string[]>> = {
  prime256v1: ['sha256'],
  secp384r1: ['sha384', 'sha256'],
  secp521r1: ['sha512', 'sha256'],
};

function verifyBytes(key: KeyObject, bytes: Buffer, signature: Buffer): boolean {
  if (key.asymmetricKeyType === 'ed25519') {
    return verify(null, bytes, key, signature);
  }
  const hashes = hashesOfCurve[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? ['sha256'];
  return hashes.some((hash) => verify(hash, bytes, key, signature));
}

function signatureOf({ content }: Bundle): Buffer {
  return content.$case === 'messageSignature'
    ? content.messageSignature.signature
    : (content.dsseEnvelope.signatures[0]?.sig ?? Buffer.alloc(0));
}

function noKey(): never {
  throw new Error('it was made with a key, not with a certificate');
}

function isEqual(left: Buffer, right: Buffer): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function refused(reason: string): Checked {
  return { kind: 'Refused', reason };
}

/** The library says the more telling thing in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return 'it cannot be checked';
  }
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : '';
  return clip(`${error.message}${cause}`);
}

/** Foreign text on its way to a status. */
function clip(text: string): string {
  return text.replace(/[\p{C}\s]+/gu, ' ').slice(0, 300);
}
