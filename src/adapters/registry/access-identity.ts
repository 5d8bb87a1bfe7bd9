import { createHash } from 'node:crypto';
import type { RegistryAccess } from '../../engine/ports/registry.ts';

/** A text that is the same for equal ways to reach a registry; a hash, so that keys of caches hold no secret. */
export function identifyAccess(access: RegistryAccess): string {
  const { insecure, caBundle, credentials } = access;
  return createHash('sha256')
    .update(JSON.stringify([insecure, caBundle, credentials?.username, credentials?.password]))
    .digest('base64url');
}
