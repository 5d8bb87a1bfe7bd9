/** Credentials that no App names: docker's own configuration on a host, the identity that a cloud gives to a pod. */
import type { Repository } from '../../core/image/reference.ts';
import type { RegistryAccess, RegistryCredentials } from '../../engine/ports/registry.ts';
import type { Operation } from './failure.ts';

export interface AmbientRequest {
  readonly repository: Repository;
  readonly operation: Operation;
  /** How the registry itself is reached; a cloud's registry is asked to exchange tokens too. */
  readonly access: RegistryAccess;
  readonly signal: AbortSignal;
}

export type AmbientFinding =
  /** Not for this repository. */
  | { readonly kind: 'Nothing' }
  | { readonly kind: 'Found'; readonly credentials: RegistryCredentials }
  /** For this repository, but it does not work now. One sentence without secrets, for the message when the registry says no. */
  | { readonly kind: 'Unusable'; readonly problem: string };

export interface AmbientCredentials {
  /** @throws nothing but the reason of the signal */
  find(request: AmbientRequest): Promise<AmbientFinding>;
  /** What was found did not do. */
  forget(repository: Repository): void;
  /** Ends all connections. */
  close(): Promise<void>;
}
