/** How a sender shows that it knows the secret. Comparisons take the same time whatever is wrong. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

export type Proof =
  /** HMAC of the body in a header. `named`: `sha256=<hex>` or `sha512=<hex>`; `sha1`: bare hex, as only Nexus sends it. */
  | { readonly kind: 'hmac'; readonly header: string; readonly form: 'named' | 'sha1' }
  /** The secret itself in a header. */
  | { readonly kind: 'token'; readonly header: string }
  /**
   * `Authorization`: the secret itself, `Bearer` with it, or `Basic` with it as password or as `user:password`. For senders
   * that can set no header: `?token=` in the URL.
   */
  | { readonly kind: 'authorization' };

export interface Signed {
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** `?token=` of the URL. */
  readonly queryToken: string | undefined;
  /** The body exactly as it arrived. */
  readonly body: Uint8Array;
}

/** Whether one of the proofs was made with one of the secrets. Several secrets are for the time of changing them. */
export function isProven(proofs: readonly Proof[], signed: Signed, secrets: readonly string[]): boolean {
  return secrets.some((secret) => proofs.some((proof) => isProvenBy(proof, signed, secret)));
}

function isProvenBy(proof: Proof, signed: Signed, secret: string): boolean {
  switch (proof.kind) {
    case 'hmac':
      return isSignature(signed.headers[proof.header] ?? '', proof.form, signed.body, secret);
    case 'token':
      return isSame(signed.headers[proof.header] ?? '', secret);
    case 'authorization':
      return claimedSecrets(signed).some((claimed) => isSame(claimed, secret));
  }
}

const namedAlgorithms: ReadonlySet<string> = new Set(['sha256', 'sha512']);

function isSignature(header: string, form: 'named' | 'sha1', body: Uint8Array, secret: string): boolean {
  const [algorithm = '', hex = ''] = form === 'sha1' ? ['sha1', header] : header.split('=', 2);
  if (form === 'named' && !namedAlgorithms.has(algorithm)) {
    return false;
  }
  return isSame(hex.toLowerCase(), createHmac(algorithm, secret).update(body).digest('hex'));
}

function claimedSecrets({ headers, queryToken }: Signed): readonly string[] {
  const { authorization = '' } = headers;
  const [, scheme = '', value = ''] = /^(\S+) (.+)$/.exec(authorization) ?? [];
  const credentials = scheme.toLowerCase() === 'basic' ? Buffer.from(value, 'base64').toString('utf8') : '';
  const claims = [
    authorization,
    scheme.toLowerCase() === 'bearer' ? value : '',
    credentials,
    credentials.slice(credentials.indexOf(':') + 1),
    queryToken ?? '',
  ];
  return claims.filter((claim) => claim !== '');
}

/** Of hashes, because only texts of one length can be compared in constant time. */
function isSame(left: string, right: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(left), hash(right));
}
