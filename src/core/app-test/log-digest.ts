import { createHash } from 'node:crypto';

/** By which what a test wrote or was answered can be told apart, without keeping it; undefined for nothing. */
export function logDigest(text: string): string | undefined {
  return text === '' ? undefined : `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
