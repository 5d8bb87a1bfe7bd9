/** Credentials of a repository from pull secrets. */
import { OperationError } from '../../core/errors.ts';
import type { Repository } from '../../core/image/reference.ts';
import type { RegistryCredentials } from '../../engine/ports/registry.ts';
import { type AuthEntry, matchAuths, parseAuths, parseSecretJson } from './docker-auths.ts';
import { isRecord } from './failure.ts';

/** What is needed of a Secret object. */
export interface PullSecret {
  readonly name: string;
  /** `kubernetes.io/dockerconfigjson` or `kubernetes.io/dockercfg`. */
  readonly type: string;
  /** Values in base64. */
  readonly data: Readonly<Record<string, string>>;
}

const dataKeys: Readonly<Record<string, string>> = {
  'kubernetes.io/dockerconfigjson': '.dockerconfigjson',
  'kubernetes.io/dockercfg': '.dockercfg',
};

/**
 * The credentials that the kubelet would try for an image of the repository, in its order: over all secrets the most exact place
 * first, and for one place those of the first secret. Empty when no entry fits, and the registry is asked without.
 *
 * @throws SECRET_INVALID naming the secret and its key, never its contents
 */
export function readPullSecrets(
  secrets: readonly PullSecret[],
  repository: Repository,
): readonly RegistryCredentials[] {
  return matchAuths(secrets.flatMap(parseEntries), repository);
}

function parseEntries(secret: PullSecret): readonly AuthEntry[] {
  const key = dataKeys[secret.type];
  const encoded = key === undefined ? undefined : secret.data[key];
  if (key === undefined || encoded === undefined) {
    const found = `type "${secret.type}" with keys ${Object.keys(secret.data).join(', ') || '(none)'}`;
    throw invalid(secret, `${found}; it must be of type kubernetes.io/dockerconfigjson with key .dockerconfigjson`);
  }
  const config = parseSecretJson(Buffer.from(encoded, 'base64').toString('utf8'));
  const auths = key === '.dockercfg' || !isRecord(config) ? config : (config['auths'] ?? {});
  return parseAuths(auths, (found) => invalid(secret, `key ${key}${found}`));
}

function invalid(secret: PullSecret, found: string): OperationError {
  return new OperationError(`read pull secret "${secret.name}": ${found}`, {
    code: 'SECRET_INVALID',
    retry: 'backoff',
    context: { secret: secret.name },
  });
}
