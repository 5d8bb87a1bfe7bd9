/** What keeps a version that is newer from being taken. */
import type { ImageSource } from '../../core/app/app.ts';
import { findRejection, type Rejection } from '../../core/app/rejection.ts';
import type { Clock } from '../ports/clock.ts';
import type { RegistryAccess } from '../ports/registry.ts';
import type { SignatureTrusts, SignatureVerifier } from '../ports/signatures.ts';

export interface ObstacleContext {
  readonly signatures: SignatureVerifier;
  readonly trusts: SignatureTrusts;
  readonly clock: Clock;
}

export interface Candidate {
  readonly tag: string;
  readonly digest: string;
}

export interface Offered {
  readonly app: { readonly namespace: string; readonly name: string };
  readonly source: Pick<ImageSource, 'repository' | 'verify'>;
  readonly access: RegistryAccess;
  readonly rejections: readonly Rejection[];
}

export type Obstacle =
  | { readonly kind: 'Rejected'; readonly tag: string; readonly rejection: Rejection }
  | { readonly kind: 'Unverified'; readonly tag: string; readonly reason: string };

/** Whether it must not be taken again. */
export function findRejected(
  { clock }: Pick<ObstacleContext, 'clock'>,
  { app, rejections }: Pick<Offered, 'app' | 'rejections'>,
  { tag, digest }: Candidate,
): Obstacle | undefined {
  const rejection = findRejection(rejections, app, digest, clock.now());
  return rejection && { kind: 'Rejected', tag, rejection };
}

/**
 * Whether it lacks the signatures that the source asks for.
 *
 * @throws SECRET_NOT_FOUND, SECRET_INVALID and errors of the registry: nothing is known then, in either way
 */
export async function findUnverified(
  { signatures, trusts }: ObstacleContext,
  { app, source, access }: Offered,
  { tag, digest }: Candidate,
  signal: AbortSignal,
): Promise<Obstacle | undefined> {
  const { verify: policy, repository } = source;
  if (policy === undefined) {
    return undefined;
  }
  try {
    const trust = await trusts.trustFor(app.namespace, policy, signal);
    const verdict = await signatures.verify({ place: { repository, access }, digest, policy, trust }, signal);
    return verdict.kind === 'Verified' ? undefined : { kind: 'Unverified', tag, reason: verdict.reason };
  } catch (error) {
    // What is mended next may be the Secret or ConfigMap.
    trusts.forget(app.namespace, policy);
    throw error;
  }
}
