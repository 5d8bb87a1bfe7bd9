/** What must vouch for a version before it may be taken. Says nothing of where it lies: an image, a chart or any other OCI artifact. */
import { compilePattern, type Pattern } from '../policy/pattern.ts';

export interface SignaturePolicy {
  readonly signers: Signers;
  /** Whether a signature is needed. Without one an attestation that is required has to do. */
  readonly signature: 'Required' | 'Ignored';
  /** Whether each signature must be in a transparency log that the trusted root knows. */
  readonly transparencyLog: 'Required' | 'Ignored';
  /** Types of the statements that there must be about the version besides, each by the same signers. */
  readonly predicateTypes: readonly string[];
  /** Where the authorities and logs to trust are written; undefined: the public-good instance of Sigstore, or none where keys do. */
  readonly trustedRoot: TrustedRootReference | undefined;
}

/** Any one of the keys, or any one of the identities. */
export type Signers =
  | { readonly kind: 'Keys'; readonly secret: string }
  | { readonly kind: 'Identities'; readonly identities: readonly IdentityMatcher[] };

/** An object in the App's namespace; the text is under the key `trusted_root.json`. */
export interface TrustedRootReference {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly name: string;
}

/** Who a certificate must have been issued to, and who must have vouched for that. */
export interface IdentityMatcher {
  readonly issuer: TextMatcher;
  readonly subject: TextMatcher;
}

export type TextMatcher =
  | { readonly kind: 'Exact'; readonly text: string }
  /** Of the whole text: a pattern that is only found in it somewhere would also trust `https://evil.example/?github.com/org`. */
  | { readonly kind: 'Pattern'; readonly pattern: Pattern };

/** What the policy is compared with; the bytes themselves are the adapters' to read. */
export interface SignatureTrust {
  /** Public keys in PEM, with the names they are known by. */
  readonly keys: readonly { readonly name: string; readonly pem: string }[];
  /** A Sigstore trusted root as JSON. */
  readonly trustedRoot: string | undefined;
}

export function exactly(text: string): TextMatcher {
  return { kind: 'Exact', text };
}

/** @throws POLICY_INVALID for what RE2 does not take */
export function matching(pattern: string, field: string): TextMatcher {
  return { kind: 'Pattern', pattern: compilePattern(pattern, field) };
}

/** Whether one of the identities is that of the certificate. */
export function isTrustedIdentity(
  identities: readonly IdentityMatcher[],
  { issuer, subject }: { readonly issuer: string; readonly subject: string },
): boolean {
  return identities.some((one) => isMatch(one.issuer, issuer) && isMatch(one.subject, subject));
}

function isMatch(matcher: TextMatcher, text: string): boolean {
  return matcher.kind === 'Exact' ? matcher.text === text : matcher.pattern.isWhole(text);
}

/** The same for policies that decide the same; a key for what is remembered. */
export function describePolicy({ signers, signature, transparencyLog, predicateTypes }: SignaturePolicy): string {
  const who = signers.kind === 'Keys' ? [] : signers.identities.map((one) => [show(one.issuer), show(one.subject)]);
  return JSON.stringify([signers.kind, who, signature, transparencyLog, predicateTypes]);
}

function show(matcher: TextMatcher): readonly string[] {
  return matcher.kind === 'Exact' ? [matcher.kind, matcher.text] : [matcher.kind, matcher.pattern.text];
}
