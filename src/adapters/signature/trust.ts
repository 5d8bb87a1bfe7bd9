/** Keys and trusted roots, from their texts to what signatures are checked with. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { TrustedRoot } from '@sigstore/protobuf-specs';
import { type TrustMaterial, toTrustMaterial } from '@sigstore/verify';
import { OperationError } from '../../core/errors.ts';
import type { SignatureTrust } from '../../core/signature/signature-policy.ts';

export interface CompiledTrust {
  readonly keys: readonly NamedKey[];
  /** Authorities and logs; without any where no trusted root was given. */
  readonly material: Omit<TrustMaterial, 'publicKey'>;
}

export interface NamedKey {
  readonly name: string;
  readonly key: KeyObject;
}

const maxKeys = 20;
const maxKeyLength = 16_384;
const minRsaBits = 2_048;
const maxRootLength = 1_048_576;
/** Of authorities and logs together; the public-good instance has about ten. */
const maxAuthorities = 200;
const curves: ReadonlySet<unknown> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/**
 * Reads what a policy trusts.
 *
 * @throws SECRET_INVALID for what is no public key, a key of a kind that cosign does not sign with, and what is no trusted root
 */
export function compileTrust({ keys, trustedRoot }: SignatureTrust): CompiledTrust {
  if (keys.length > maxKeys) {
    throw invalidKey(`${keys.length} public keys are too many; ${maxKeys} are the most`);
  }
  const material =
    trustedRoot === undefined
      ? { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] }
      : readTrustedRoot(trustedRoot);
  return { keys: keys.map(({ name, pem }) => ({ name, key: readPublicKey(name, pem) })), material };
}

/** Node would also read a certificate, and a private key, for the public key in it; neither is what was meant. */
function readPublicKey(name: string, pem: string): KeyObject {
  if (pem.length > maxKeyLength || !/-----BEGIN (RSA )?PUBLIC KEY-----/.test(pem) || pem.includes('PRIVATE KEY')) {
    throw invalidKey(`"${name}" is no public key (PEM, "BEGIN PUBLIC KEY"), as "cosign public-key" prints it`);
  }
  const key = parseKey(name, pem);
  if (!isUsable(key)) {
    throw invalidKey(
      `"${name}" is a key of type ${describeKey(key)}; use ECDSA P-256, P-384 or P-521, Ed25519, or RSA of 2048 bits or more`,
    );
  }
  return key;
}

function parseKey(name: string, pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (error) {
    throw invalidKey(`"${name}" cannot be read as a public key`, error);
  }
}

function isUsable(key: KeyObject): boolean {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  switch (key.asymmetricKeyType) {
    case 'ec':
      return curves.has(namedCurve);
    case 'rsa':
      return modulusLength >= minRsaBits;
    default:
      return key.asymmetricKeyType === 'ed25519';
  }
}

function describeKey({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  const { modulusLength, namedCurve } = asymmetricKeyDetails ?? {};
  return [asymmetricKeyType ?? 'unknown', namedCurve ?? modulusLength ?? ''].join(' ').trim();
}

function readTrustedRoot(text: string): CompiledTrust['material'] {
  if (text.length > maxRootLength) {
    throw invalidRoot(`the trusted root has ${text.length} characters; ${maxRootLength} are the most`);
  }
  try {
    const root = TrustedRoot.fromJSON(JSON.parse(text));
    const all = [root.certificateAuthorities, root.timestampAuthorities, root.tlogs, root.ctlogs];
    const count = all.reduce((sum, some) => sum + some.length, 0);
    if (count === 0 || count > maxAuthorities) {
      throw invalidRoot(`the trusted root names ${count} authorities and logs; 1 to ${maxAuthorities} are right`);
    }
    const { publicKey, ...material } = toTrustMaterial(root);
    return material;
  } catch (error) {
    throw error instanceof OperationError
      ? error
      : invalidRoot('the trusted root is no Sigstore TrustedRoot (JSON)', error);
  }
}

function invalidKey(message: string, cause?: unknown): OperationError {
  return invalid(message, 'verify.keySecretRef', cause);
}

function invalidRoot(message: string, cause?: unknown): OperationError {
  return invalid(message, 'verify.trustedRootRef', cause);
}

function invalid(message: string, field: string, cause: unknown): OperationError {
  return new OperationError(message, { code: 'SECRET_INVALID', retry: 'backoff', context: { field }, cause });
}
