import { createHash } from 'node:crypto';
import type { RegistryAccess } from '../../engine/ports/registry.ts';

/** Asked at every request, of the same few objects. */
const known = new WeakMap<RegistryAccess, string>();

/** A text that is the same for equal ways to reach a registry; a hash, so that keys of caches hold no secret. */
export function identifyAccess(access: RegistryAccess): string {
  const identity = known.get(access) ?? hash(access);
  known.set(access, identity);
  return identity;
}

function hash({ insecure, caBundle, credentials, fallbacks = [] }: RegistryAccess): string {
  const secrets = [credentials, ...fallbacks].map((one) => [one?.username, one?.password, one?.identityToken]);
  return createHash('sha256')
    .update(JSON.stringify([insecure, caBundle, secrets]))
    .digest('base64url');
}
