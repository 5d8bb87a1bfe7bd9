/** Fulfils the engine's RegistryAccesses: credentials and certificates from the Secrets that an App's source names. */
import type { ImageSource } from '../../core/app/app.ts';
import { isOperationError, OperationError } from '../../core/errors.ts';
import type { Repository } from '../../core/image/reference.ts';
import type { RegistryAccess, RegistryAccesses, RegistryCredentials } from '../../engine/ports/registry.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { secrets } from '../../kube/resource-types.ts';

interface SecretObject extends KubeObject {
  readonly type?: string;
  /** Values in base64. */
  readonly data?: Readonly<Record<string, string>>;
}

export interface ClusterRegistryAccessesOptions {
  readonly client: KubeClient;
  /** Reads pull secrets; the registry adapter knows the formats and kubelet's matching rules. */
  readonly readCredentials: (
    secrets: readonly {
      readonly name: string;
      readonly type: string;
      readonly data: Readonly<Record<string, string>>;
    }[],
    repository: Repository,
  ) => readonly RegistryCredentials[];
}

/** Sources whose access is kept at most; beyond it the oldest is read again. */
const maxKept = 5_000;

export class ClusterRegistryAccesses implements RegistryAccesses {
  readonly #options: ClusterRegistryAccessesOptions;
  readonly #kept = new Map<string, RegistryAccess>();

  constructor(options: ClusterRegistryAccessesOptions) {
    this.#options = options;
  }

  async accessFor(namespace: string, source: ImageSource, signal: AbortSignal): Promise<RegistryAccess> {
    const key = keyFor(namespace, source);
    const kept = this.#kept.get(key);
    if (kept) {
      return kept;
    }
    const access = await this.#read(namespace, source, signal);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= maxKept && oldest !== undefined) {
      this.#kept.delete(oldest);
    }
    this.#kept.set(key, access);
    return access;
  }

  forget(namespace: string, source: ImageSource): void {
    this.#kept.delete(keyFor(namespace, source));
  }

  async #read(namespace: string, source: ImageSource, signal: AbortSignal): Promise<RegistryAccess> {
    const { pullSecret, caSecret } = source;
    const pull = pullSecret && (await this.#readSecret(namespace, pullSecret, 'secretRef', signal));
    const ca = caSecret && (await this.#readSecret(namespace, caSecret, 'certSecretRef', signal));
    const [credentials, ...fallbacks] = pull ? this.#readCredentials(pull, source) : [];
    return {
      insecure: source.insecure,
      ...(credentials ? { credentials, fallbacks } : {}),
      ...(ca ? { caBundle: caBundleOf(ca) } : {}),
    };
  }

  #readCredentials(
    { metadata, type, data }: SecretObject,
    { repository }: ImageSource,
  ): readonly RegistryCredentials[] {
    try {
      return this.#options.readCredentials([{ name: metadata.name, type: type ?? '', data: data ?? {} }], repository);
    } catch (error) {
      if (!isOperationError(error, 'SECRET_INVALID')) {
        throw error;
      }
      const { code, retry, context, message } = error;
      throw new OperationError(message, { code, retry, context: { ...context, field: 'secretRef' } });
    }
  }

  async #readSecret(namespace: string, name: string, field: string, signal: AbortSignal): Promise<SecretObject> {
    try {
      return await this.#options.client.get<SecretObject>(secrets, { namespace, name }, { signal });
    } catch (error) {
      if (isOperationError(error, 'API_NOT_FOUND')) {
        throw new OperationError(
          `there is no Secret "${name}" in namespace "${namespace}"; create it or correct the name`,
          {
            code: 'SECRET_NOT_FOUND',
            retry: 'backoff',
            context: { field, secret: `${namespace}/${name}` },
          },
        );
      }
      throw error;
    }
  }
}

function caBundleOf(secret: SecretObject): string {
  const encoded = secret.data?.['ca.crt'];
  const pem = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new OperationError(`Secret "${secret.metadata.name}" has no certificate (PEM) under key ca.crt`, {
      code: 'SECRET_INVALID',
      retry: 'backoff',
      context: { field: 'certSecretRef', secret: secret.metadata.name },
    });
  }
  return pem;
}

function keyFor(namespace: string, source: ImageSource): string {
  return JSON.stringify([namespace, source.repositoryText, source.insecure, source.pullSecret, source.caSecret]);
}
