/** Whose signatures a version needs: wire form -> what the product works with. */
import { predicateTypeOf } from '../../core/signature/requirements.ts';
import {
  exactly,
  type IdentityMatcher,
  matching,
  type SignaturePolicy,
  type Signers,
  type TextMatcher,
} from '../../core/signature/signature-policy.ts';
import { invalidObject } from '../decode.ts';
import type { VerifyWire } from './verify.ts';

/**
 * @param field where it stands
 * @throws OBJECT_INVALID, POLICY_INVALID for a pattern
 */
export function decodeVerify(verify: VerifyWire, field: string): SignaturePolicy {
  const signers = decodeSigners(verify, field);
  const predicateTypes = (verify.attestations ?? []).map(predicateTypeOf);
  const signature = verify.signature ?? 'Required';
  if (signature === 'Ignored' && predicateTypes.length === 0) {
    throw invalidObject(`${field}.signature`, ['"Ignored" without attestations asks for nothing; name attestations']);
  }
  const transparencyLog = verify.transparencyLog ?? (signers.kind === 'Keys' ? 'Ignored' : 'Required');
  const { trustedRootRef } = verify;
  if (trustedRootRef === undefined && (signers.kind === 'Identities' || transparencyLog === 'Required')) {
    throw invalidObject(`${field}.trustedRootRef`, [
      'is missing; name the ConfigMap or Secret with the trusted_root.json of the authorities and logs to trust',
    ]);
  }
  return {
    signers,
    signature,
    transparencyLog,
    predicateTypes,
    trustedRoot: trustedRootRef && { kind: trustedRootRef.kind ?? 'ConfigMap', name: trustedRootRef.name },
  };
}

function decodeSigners({ keySecretRef, identities }: VerifyWire, field: string): Signers {
  if (keySecretRef !== undefined && identities === undefined) {
    return { kind: 'Keys', secret: keySecretRef.name };
  }
  if (keySecretRef !== undefined || identities === undefined || identities.length === 0) {
    throw invalidObject(field, ['exactly one of keySecretRef and identities must be set']);
  }
  return {
    kind: 'Identities',
    identities: identities.map((identity, index) => decodeIdentity(identity, `${field}.identities[${index}]`)),
  };
}

function decodeIdentity(
  { issuer, issuerPattern, subject, subjectPattern }: NonNullable<VerifyWire['identities']>[number],
  field: string,
): IdentityMatcher {
  return {
    issuer: decodeMatcher(issuer, issuerPattern, `${field}.issuer`),
    subject: decodeMatcher(subject, subjectPattern, `${field}.subject`),
  };
}

function decodeMatcher(text: string | undefined, pattern: string | undefined, field: string): TextMatcher {
  if (text !== undefined && pattern === undefined) {
    return exactly(text);
  }
  if (text !== undefined || pattern === undefined) {
    throw invalidObject(field, ['exactly one of this and its pattern must be set']);
  }
  return matching(pattern, `${field}Pattern`);
}
