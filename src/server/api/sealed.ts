/** What a browser keeps for us in a cookie: it can neither be read nor changed there, and it ends by itself. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;

export interface Sealer {
  /** @param purpose what is sealed for one is of no use for another */
  seal(purpose: string, value: unknown, endsAt: Date): string;
  /** Undefined for what was not sealed by this secret for this purpose, or has ended. */
  open(purpose: string, text: string, now: Date): unknown;
}

/** @param secret at least 32 bytes, the same on every replica */
export function createSealer(secret: Uint8Array): Sealer {
  const keyOf = (purpose: string) => Buffer.from(hkdfSync('sha256', secret, '', `headgate ${purpose}`, keyBytes));
  return {
    seal(purpose, value, endsAt) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv(algorithm, keyOf(purpose), iv);
      const text = JSON.stringify([endsAt.getTime(), value]);
      const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return sealed.toString('base64url');
    },
    open(purpose, text, now) {
      const opened = decrypt(keyOf(purpose), Buffer.from(text, 'base64url'));
      const [endsAtMs, value] = opened === undefined ? [] : (JSON.parse(opened) as [number, unknown]);
      return endsAtMs !== undefined && now.getTime() < endsAtMs ? value : undefined;
    },
  };
}

function decrypt(key: Buffer, sealed: Buffer): string | undefined {
  if (sealed.length <= ivBytes + tagBytes) {
    return undefined;
  }
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, ivBytes));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  try {
    const text = decipher.update(sealed.subarray(ivBytes, -tagBytes));
    return Buffer.concat([text, decipher.final()]).toString('utf8');
  } catch {
    // Not ours, or changed on its way.
    return undefined;
  }
}
