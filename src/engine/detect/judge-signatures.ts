/** Whether a version in a registry has the signatures that its source asks for. */
import type { SignaturePolicy } from '../../core/signature/signature-policy.ts';
import type { ArtifactPlace } from '../ports/artifacts.ts';
import type { SignatureTrusts, SignatureVerifier } from '../ports/signatures.ts';
import type { Obstacle } from './finding.ts';
import type { ShelfVersion } from './shelf.ts';

export interface SignatureContext {
  readonly signatures: SignatureVerifier;
  readonly trusts: SignatureTrusts;
}

export interface SignatureQuestion {
  readonly namespace: string;
  readonly place: ArtifactPlace;
  /** Undefined: nobody's signature is needed. */
  readonly policy: SignaturePolicy | undefined;
}

/** @throws SECRET_NOT_FOUND, SECRET_INVALID and errors of the registry: nothing is known then, in either way */
export async function judgeSignatures(
  { signatures, trusts }: SignatureContext,
  { namespace, place, policy }: SignatureQuestion,
  { tag, digest }: ShelfVersion,
  signal: AbortSignal,
): Promise<Obstacle | undefined> {
  if (policy === undefined) {
    return undefined;
  }
  try {
    const trust = await trusts.trustFor(namespace, policy, signal);
    const verdict = await signatures.verify({ place, digest, policy, trust }, signal);
    return verdict.kind === 'Verified'
      ? undefined
      : { kind: 'Unverified', tag, message: `is not verified: ${verdict.reason}` };
  } catch (error) {
    // What is mended next may be the Secret or ConfigMap.
    trusts.forget(namespace, policy);
    throw error;
  }
}
