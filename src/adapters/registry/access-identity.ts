import { createHash } from 'node:crypto';
import type { RegistryAccess } from '../../engine/ports/registry.ts';

/** A text that is the same for equal ways to reach a registry; a hash, so that keys of caches hold no secret. */
export function identifyAccess(access: RegistryAccess): string {
  const { insecure, caBundle, credentials, fallbacks = [] } = access;
  const secrets = [credentials, ...fallbacks].map((one) => [one?.username, one?.password, one?.identityToken]);
  return createHash('sha256')
    .update(JSON.stringify([insecure, caBundle, secrets]))
    .digest('base64url');
}
