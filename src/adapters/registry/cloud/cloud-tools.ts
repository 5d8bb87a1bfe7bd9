import type { Loaded } from '../../../core/shared-loads.ts';
import type { Clock } from '../../../engine/ports/clock.ts';
import type { RegistryAccess, RegistryCredentials } from '../../../engine/ports/registry.ts';
import type { Transport } from '../transport.ts';
import type { Variables } from './cloud-http.ts';

/** What signing in with a cloud's identity needs of the world. */
export interface CloudTools {
  readonly variables: Variables;
  readonly clock: Clock;
  /** To metadata servers and agents on the machine: short-tempered, and never through a proxy. */
  readonly nearby: Transport;
  readonly outside: Transport;
}

/** One cloud's registries. */
export interface CloudRegistry {
  /** For messages. */
  readonly name: string;
  /** Whether the host is a registry of this cloud; nobody else is ever told what comes of its identity. */
  serves(host: string): boolean;
  /** @throws CREDENTIALS_UNUSABLE; the expiry is that which the cloud tells */
  signIn(
    tools: CloudTools,
    registry: { readonly host: string; readonly access: RegistryAccess },
    signal: AbortSignal,
  ): Promise<Loaded<RegistryCredentials>>;
}
