/** Fulfils the engine's RegistryAccesses: credentials and certificates from Secrets of the App's own namespace. */
import { isOperationError, OperationError } from '../../core/errors.ts';
import type { Repository } from '../../core/image/reference.ts';
import type {
  Puller,
  RegistryAccess,
  RegistryAccesses,
  RegistryCredentials,
  RegistrySource,
} from '../../engine/ports/registry.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../kube/clock.ts';
import { PullSecrets, type SecretObject } from './pull-secrets.ts';

export interface ClusterRegistryAccessesOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
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
  readonly #pullSecrets: PullSecrets;
  readonly #kept = new Map<string, RegistryAccess>();

  constructor(options: ClusterRegistryAccessesOptions) {
    this.#options = options;
    this.#pullSecrets = new PullSecrets(options);
  }

  async accessFor(
    namespace: string,
    source: RegistrySource,
    signal: AbortSignal,
    pullers: readonly Puller[] = [],
  ): Promise<RegistryAccess> {
    const key = `${keyFor(namespace, source)} ${keyOfPullers(pullers)}`;
    const kept = this.#kept.get(key);
    if (kept) {
      return kept;
    }
    const access = await this.#read({ namespace, signal }, source, pullers);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size >= maxKept && oldest !== undefined) {
      this.#kept.delete(oldest);
    }
    this.#kept.set(key, access);
    return access;
  }

  forget(namespace: string, source: RegistrySource): void {
    this.#pullSecrets.forget(namespace);
    const prefix = `${keyFor(namespace, source)} `;
    for (const key of this.#kept.keys()) {
      if (key.startsWith(prefix)) {
        this.#kept.delete(key);
      }
    }
  }

  async #read(where: Where, source: RegistrySource, pullers: readonly Puller[]): Promise<RegistryAccess> {
    const { pullSecret, caSecret, repository } = source;
    const named = pullSecret && (await this.#readNamed(where, pullSecret, 'secretRef'));
    const ca = caSecret && (await this.#readNamed(where, caSecret, 'certSecretRef'));
    const own = named ? this.#readCredentials(named, repository) : [];
    const { credentials: all, notes } =
      own.length > 0 ? { credentials: own, notes: [] } : await this.#readPullers(where, repository, pullers);
    const [credentials, ...fallbacks] = all;
    return {
      insecure: source.insecure,
      ...(credentials ? { credentials, fallbacks } : {}),
      ...(notes.length > 0 ? { notes } : {}),
      ...(ca ? { caBundle: caBundleOf(ca) } : {}),
    };
  }

  /** One Secret that cannot be read does not keep from the others, as with the kubelet. */
  async #readPullers({ namespace, signal }: Where, repository: Repository, pullers: readonly Puller[]) {
    const { secrets, notes } = await this.#pullSecrets.read(namespace, pullers, signal);
    const usable: ReturnType<typeof contentsOf>[] = [];
    const problems = [...notes];
    for (const secret of secrets.map(contentsOf)) {
      try {
        this.#options.readCredentials([secret], repository);
        usable.push(secret);
      } catch (error) {
        if (!isOperationError(error, 'SECRET_INVALID')) {
          throw error;
        }
        problems.push(error.message);
      }
    }
    return { credentials: distinct(this.#options.readCredentials(usable, repository)), notes: problems };
  }

  #readCredentials(secret: SecretObject, repository: Repository): readonly RegistryCredentials[] {
    try {
      return this.#options.readCredentials([contentsOf(secret)], repository);
    } catch (error) {
      if (!isOperationError(error, 'SECRET_INVALID')) {
        throw error;
      }
      const { code, retry, context, message } = error;
      throw new OperationError(message, { code, retry, context: { ...context, field: 'secretRef' } });
    }
  }

  async #readNamed({ namespace, signal }: Where, name: string, field: string): Promise<SecretObject> {
    const secret = await this.#pullSecrets.find(namespace, name, signal);
    if (secret === undefined) {
      throw new OperationError(
        `there is no Secret "${name}" in namespace "${namespace}"; create it or correct the name`,
        { code: 'SECRET_NOT_FOUND', retry: 'backoff', context: { field, secret: `${namespace}/${name}` } },
      );
    }
    return secret;
  }
}

interface Where {
  readonly namespace: string;
  readonly signal: AbortSignal;
}

function contentsOf({ metadata, type, data }: SecretObject) {
  return { name: metadata.name, type: type ?? '', data: data ?? {} };
}

/** The same login often stands in the Secrets of several workloads. */
function distinct(credentials: readonly RegistryCredentials[]): readonly RegistryCredentials[] {
  const keys = credentials.map((one) => JSON.stringify([one.username, one.password, one.identityToken]));
  return credentials.filter((_, at) => keys.indexOf(keys[at] ?? '') === at);
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

function keyFor(namespace: string, source: RegistrySource): string {
  return JSON.stringify([namespace, source.repositoryText, source.insecure, source.pullSecret, source.caSecret]);
}

function keyOfPullers(pullers: readonly Puller[]): string {
  return JSON.stringify(
    pullers.map(({ pullSecrets, serviceAccount }) => [serviceAccount, ...pullSecrets]).toSorted(compareLists),
  );
}

function compareLists(left: readonly string[], right: readonly string[]): number {
  return left.join(' ') < right.join(' ') ? -1 : 1;
}
