/**
 * Whose signature an entry of a transparency log says it is. @sigstore/verify compares signature and digest of an entry with those at
 * hand, but not this; cosign does. Without it an entry made for another key could lend its time to a signature.
 */
import { isRecord } from '../../core/signature/record.ts';

/** @returns DER of the certificate or public key in the entry; undefined when it names none, or several */
export function logEntryKey(canonicalizedBody: Buffer): Buffer | undefined {
  const body: unknown = JSON.parse(canonicalizedBody.toString('utf8'));
  const found = paths.map((path) => follow(body, path)).filter((value) => typeof value === 'string');
  const [only, ...others] = found;
  if (only === undefined || others.length > 0) {
    return undefined;
  }
  const bytes = Buffer.from(only, 'base64');
  const pem = bytes
    .toString('latin1')
    .match(/^\s*-----BEGIN [A-Z ]+-----([A-Za-z0-9+/=\s]+)-----END [A-Z ]+-----\s*$/)?.[1];
  return pem === undefined ? bytes : Buffer.from(pem, 'base64');
}

/** Kinds hashedrekord 0.0.1 and 0.0.2, dsse 0.0.1 and 0.0.2, intoto 0.0.2. */
const paths: readonly (readonly (string | number)[])[] = [
  ['spec', 'signature', 'publicKey', 'content'],
  ['spec', 'hashedRekordV002', 'signature', 'verifier', 'x509Certificate', 'rawBytes'],
  ['spec', 'hashedRekordV002', 'signature', 'verifier', 'publicKey', 'rawBytes'],
  ['spec', 'signatures', 0, 'verifier'],
  ['spec', 'dsseV002', 'signatures', 0, 'verifier', 'x509Certificate', 'rawBytes'],
  ['spec', 'dsseV002', 'signatures', 0, 'verifier', 'publicKey', 'rawBytes'],
  ['spec', 'content', 'envelope', 'signatures', 0, 'publicKey'],
];

function follow(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((at, part) => {
    if (typeof part === 'number') {
      return Array.isArray(at) ? at[part] : undefined;
    }
    return isRecord(at) ? at[part] : undefined;
  }, value);
}
