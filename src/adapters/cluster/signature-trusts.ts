/** Fulfils the engine's SignatureTrusts: public keys and trusted roots from Secrets and ConfigMaps of the App's own namespace. */
import { isOperationError, OperationError } from '../../core/errors.ts';
import type { SignaturePolicy, SignatureTrust, TrustedRootReference } from '../../core/signature/signature-policy.ts';
import type { KeysPlace, PublicKeyFile, SignatureTrusts } from '../../engine/ports/signatures.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { configMaps, secrets } from '../../kube/resource-types.ts';

export interface ClusterSignatureTrustsOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
}

interface DataObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

interface Kept<T> {
  readonly value: T;
  readonly readAtMs: number;
}

interface Where {
  readonly namespace: string;
  readonly signal: AbortSignal;
}

/** They are needed only while something newer is there; then a new key is known after this time. */
const maxAgeMs = 300_000;
const maxKept = 1_000;
const keySuffix = '.pub';
const rootKey = 'trusted_root.json';

export class ClusterSignatureTrusts implements SignatureTrusts {
  readonly #options: ClusterSignatureTrustsOptions;
  readonly #kept = new Map<string, Kept<SignatureTrust>>();
  readonly #keptKeys = new Map<string, Kept<readonly PublicKeyFile[]>>();

  constructor(options: ClusterSignatureTrustsOptions) {
    this.#options = options;
  }

  async trustFor(namespace: string, policy: SignaturePolicy, signal: AbortSignal): Promise<SignatureTrust> {
    const where = { namespace, signal };
    return await this.#keep(this.#kept, keyFor(namespace, policy), async () => ({
      keys: policy.signers.kind === 'Keys' ? await this.#readKeys(where, policy.signers.secret) : [],
      trustedRoot: policy.trustedRoot && (await this.#readRoot(where, policy.trustedRoot)),
    }));
  }

  async keysOf(place: KeysPlace, signal: AbortSignal): Promise<readonly PublicKeyFile[]> {
    const { namespace, secret: name, field } = place;
    return await this.#keep(this.#keptKeys, keyOfKeys(place), async () => {
      const { data } = await this.#read({ namespace, signal }, { kind: 'Secret', name }, field);
      const entries = Object.entries(data ?? {});
      if (entries.length === 0) {
        throw invalid(`Secret "${name}" has no entry with a public key`, field);
      }
      return entries.map(([entry, encoded]) => ({ name: entry, content: Buffer.from(encoded, 'base64') }));
    });
  }

  forgetKeys(place: KeysPlace): void {
    this.#keptKeys.delete(keyOfKeys(place));
  }

  async #keep<T>(kept: Map<string, Kept<T>>, key: string, read: () => Promise<T>): Promise<T> {
    const known = kept.get(key);
    const nowMs = this.#options.clock.now().getTime();
    if (known !== undefined && nowMs - known.readAtMs < maxAgeMs) {
      return known.value;
    }
    const value = await read();
    kept.delete(key);
    kept.set(key, { value, readAtMs: nowMs });
    const [oldest] = kept.keys();
    if (kept.size > maxKept && oldest !== undefined) {
      kept.delete(oldest);
    }
    return value;
  }

  forget(namespace: string, policy: SignaturePolicy): void {
    this.#kept.delete(keyFor(namespace, policy));
  }

  /** Cosign and Flux name public keys in a Secret in the same way. */
  async #readKeys(where: Where, name: string): Promise<SignatureTrust['keys']> {
    const field = 'verify.keySecretRef';
    const { data } = await this.#read(where, { kind: 'Secret', name }, field);
    const keys = Object.entries(data ?? {}).filter(([entry]) => entry.endsWith(keySuffix));
    if (keys.length === 0) {
      throw invalid(`Secret "${name}" has no public key: no entry whose name ends in ${keySuffix}`, field);
    }
    return keys.map(([entry, encoded]) => ({ name: entry, pem: textOf(encoded) }));
  }

  async #readRoot(where: Where, reference: TrustedRootReference): Promise<string> {
    const field = 'verify.trustedRootRef';
    const { data } = await this.#read(where, reference, field);
    const text = data?.[rootKey];
    if (text === undefined) {
      throw invalid(`${reference.kind} "${reference.name}" has no entry ${rootKey}`, field);
    }
    return reference.kind === 'Secret' ? textOf(text) : text;
  }

  async #read({ namespace, signal }: Where, { kind, name }: TrustedRootReference, field: string): Promise<DataObject> {
    try {
      const type = kind === 'Secret' ? secrets : configMaps;
      return await this.#options.client.get<DataObject>(type, { namespace, name }, { signal });
    } catch (error) {
      if (!isOperationError(error, 'API_NOT_FOUND')) {
        throw error;
      }
      throw new OperationError(
        `there is no ${kind} "${name}" in namespace "${namespace}"; create it or correct the name`,
        { code: 'SECRET_NOT_FOUND', retry: 'backoff', context: { field, object: `${namespace}/${name}` } },
      );
    }
  }
}

function textOf(encoded: string): string {
  return Buffer.from(encoded, 'base64').toString('utf8');
}

function invalid(message: string, field: string): OperationError {
  return new OperationError(message, { code: 'SECRET_INVALID', retry: 'backoff', context: { field } });
}

function keyFor(namespace: string, { signers, trustedRoot }: SignaturePolicy): string {
  const secret = signers.kind === 'Keys' ? signers.secret : '';
  return JSON.stringify([namespace, secret, trustedRoot?.kind, trustedRoot?.name]);
}

function keyOfKeys({ namespace, secret }: KeysPlace): string {
  return JSON.stringify([namespace, secret]);
}
