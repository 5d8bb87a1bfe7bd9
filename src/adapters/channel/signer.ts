/** Keys that sign a channel: files and entries of Secrets with private keys (PEM), or a command that keeps its key to itself. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { Key } from '@tufjs/models';
import { OperationError } from '../../core/errors.ts';

export interface Signer {
  readonly key: Key;
  /** Hex. */
  sign(bytes: Buffer, signal: AbortSignal): Promise<string>;
}

/**
 * @param what names where it stands, for messages: never its content
 * @throws KEY_UNUSABLE
 */
export function signerOfPem(pem: string | Buffer, what: string): Signer {
  const privateKey = parse(() => createPrivateKey(pem), `${what} is no private key in PEM`);
  return {
    key: keyOf(createPublicKey(privateKey), what),
    sign: async (bytes) => sign(hashOf(privateKey), bytes, privateKey).toString('hex'),
  };
}

/**
 * The public half of a key, as TUF has it.
 *
 * @throws KEY_UNUSABLE
 */
export function keyOfPem(pem: string | Buffer, what: string): Key {
  return keyOf(
    parse(() => createPublicKey(pem), `${what} is no key in PEM`),
    what,
  );
}

/** Ed25519 signs the message itself. */
function hashOf(key: KeyObject): string | null {
  return key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
}

const rawEd25519Bytes = 32;

function keyOf(publicKey: KeyObject, what: string): Key {
  const { asymmetricKeyType, asymmetricKeyDetails } = publicKey;
  if (asymmetricKeyType === 'ed25519') {
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-rawEd25519Bytes);
    return named({ keyType: 'ed25519', scheme: 'ed25519', public: raw.toString('hex') });
  }
  if (asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1') {
    const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
    return named({ keyType: 'ecdsa', scheme: 'ecdsa-sha2-nistp256', public: pem });
  }
  const kind = asymmetricKeyDetails?.namedCurve ?? asymmetricKeyType ?? 'unknown';
  throw keyUnusable(`${what} is of type ${kind}; channels are signed with Ed25519 or ECDSA P-256`);
}

/** Its name is the hash of what it is (section 4.2 of the specification). */
function named(key: { readonly keyType: string; readonly scheme: string; readonly public: string }): Key {
  const canonical = `{"keytype":"${key.keyType}","keyval":{"public":"${key.public}"},"scheme":"${key.scheme}"}`;
  const keyID = createHash('sha256').update(canonical).digest('hex');
  return new Key({ keyID, keyType: key.keyType, scheme: key.scheme, keyVal: { public: key.public } });
}

function parse<T>(read: () => T, problem: string): T {
  try {
    return read();
  } catch {
    // The cause may show parts of the key.
    throw keyUnusable(problem);
  }
}

export function keyUnusable(problem: string): OperationError {
  return new OperationError(`sign the channel: ${problem}`, { code: 'KEY_UNUSABLE', retry: 'never' });
}
