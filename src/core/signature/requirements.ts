/** Which of the things that a policy asks for have been shown. */
import { type Claim, signPredicateType } from './claim.ts';
import type { SignaturePolicy } from './signature-policy.ts';

/** `signature`, or the type of a statement. */
export type Requirement =
  | { readonly kind: 'Signature' }
  | { readonly kind: 'Attestation'; readonly predicateType: string };

export function requirementsOf({ signature, predicateTypes }: SignaturePolicy): readonly Requirement[] {
  const attestations = [...new Set(predicateTypes)].map(
    (predicateType): Requirement => ({ kind: 'Attestation', predicateType }),
  );
  return signature === 'Required' ? [{ kind: 'Signature' }, ...attestations] : attestations;
}

/** Whether statements of this type can be of use; not knowing the type yet, they may be. */
export function isWanted(open: readonly Requirement[], predicateType: string | undefined): boolean {
  return predicateType === undefined || open.some((one) => typeOf(one) === predicateType);
}

/** What is still open after a claim that was signed by whom the policy trusts, and is about the very version. */
export function without(
  open: readonly Requirement[],
  { predicateType = signPredicateType }: Claim,
): readonly Requirement[] {
  return open.filter((one) => typeOf(one) !== predicateType);
}

/** For people: `no trusted signature`. */
export function describeOpen(open: readonly Requirement[]): string {
  return open
    .map((one) => (one.kind === 'Signature' ? 'no trusted signature' : `no trusted attestation ${one.predicateType}`))
    .join(', ');
}

/** A plain signature and cosign 3's statement are the same to a policy. Any other statement is no signature: a report of weaknesses praises nothing. */
function typeOf(requirement: Requirement): string {
  return requirement.kind === 'Signature' ? signPredicateType : requirement.predicateType;
}

/** The short names of cosign's `--type`. */
const predicateTypesByName: Readonly<Record<string, string>> = {
  slsaprovenance: 'https://slsa.dev/provenance/v0.2',
  slsaprovenance02: 'https://slsa.dev/provenance/v0.2',
  slsaprovenance1: 'https://slsa.dev/provenance/v1',
  spdx: 'https://spdx.dev/Document',
  spdxjson: 'https://spdx.dev/Document',
  cyclonedx: 'https://cyclonedx.org/bom',
  link: 'https://in-toto.io/Link/v1',
  vuln: 'https://cosign.sigstore.dev/attestation/vuln/v1',
  openvex: 'https://openvex.dev/ns',
  custom: 'https://cosign.sigstore.dev/attestation/v1',
};

/** The type behind one of cosign's short names; any other text is a type already. */
export function predicateTypeOf(text: string): string {
  return new Map(Object.entries(predicateTypesByName)).get(text) ?? text;
}
