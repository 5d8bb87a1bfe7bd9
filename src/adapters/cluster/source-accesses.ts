/** Fulfils the engine's SourceAccesses: logins of chart repositories and git servers from Secrets of the App's own namespace. */
import type { ChartSource, GitSource } from '../../core/app/sources.ts';
import { isOperationError, OperationError } from '../../core/errors.ts';
import type { GitAccess, GitCredentials } from '../../engine/ports/git.ts';
import type { RegistryAccess } from '../../engine/ports/registry.ts';
import type { SourceAccesses } from '../../engine/ports/source-accesses.ts';
import type { KubeClient } from '../../kube/client.ts';
import { secrets } from '../../kube/resource-types.ts';
import type { SecretObject } from './pull-secrets.ts';

/** Sources whose access is kept at most; beyond it the oldest is read again. */
const maxKept = 5_000;

type AnySource = ChartSource | GitSource;

interface Found {
  /** Values by key, as text. */
  readonly login: ReadonlyMap<string, string>;
  readonly caBundle: string | undefined;
}

export class ClusterSourceAccesses implements SourceAccesses {
  readonly #client: KubeClient;
  readonly #kept = new Map<string, Found>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  async chartAccess(namespace: string, source: ChartSource, signal: AbortSignal): Promise<RegistryAccess> {
    const { login, caBundle } = await this.#find(namespace, source, signal);
    const credentials = source.loginSecret === undefined ? undefined : basicOf(login, source.loginSecret);
    return {
      insecure: source.insecure,
      ...(credentials && { credentials }),
      ...(caBundle !== undefined && { caBundle }),
    };
  }

  async gitAccess(namespace: string, source: GitSource, signal: AbortSignal): Promise<GitAccess> {
    const { login, caBundle } = await this.#find(namespace, source, signal);
    const credentials = source.loginSecret === undefined ? undefined : gitCredentialsOf(login, source);
    return { ...(credentials && { credentials }), ...(caBundle !== undefined && { caBundle }) };
  }

  forget(namespace: string, source: AnySource): void {
    this.#kept.delete(keyFor(namespace, source));
  }

  async #find(namespace: string, source: AnySource, signal: AbortSignal): Promise<Found> {
    const key = keyFor(namespace, source);
    const kept = this.#kept.get(key);
    if (kept) {
      return kept;
    }
    const { loginSecret, caSecret } = source;
    const login = loginSecret ? await this.#read({ namespace, signal }, loginSecret, 'secretRef') : new Map();
    const ca = caSecret ? await this.#read({ namespace, signal }, caSecret, 'certSecretRef') : undefined;
    const found: Found = { login, caBundle: caBundleOf(login, ca, caSecret) };
    this.#kept.set(key, found);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > maxKept && oldest !== undefined) {
      this.#kept.delete(oldest);
    }
    return found;
  }

  async #read(
    { namespace, signal }: { readonly namespace: string; readonly signal: AbortSignal },
    name: string,
    field: string,
  ): Promise<ReadonlyMap<string, string>> {
    try {
      const { data = {} } = await this.#client.get<SecretObject>(secrets, { namespace, name }, { signal });
      return new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));
    } catch (error) {
      if (isOperationError(error, 'API_NOT_FOUND')) {
        throw new OperationError(
          `there is no Secret "${name}" in namespace "${namespace}"; create it or correct the name`,
          { code: 'SECRET_NOT_FOUND', retry: 'backoff', context: { field, secret: `${namespace}/${name}` } },
        );
      }
      throw error;
    }
  }
}

function basicOf(login: ReadonlyMap<string, string>, secret: string) {
  const [username, password] = [login.get('username'), login.get('password')];
  if (username === undefined || password === undefined) {
    throw invalid(secret, 'secretRef', 'needs the keys username and password');
  }
  return { username, password };
}

/** The keys of Flux's GitRepository. */
function gitCredentialsOf(login: ReadonlyMap<string, string>, { url, loginSecret = '' }: GitSource): GitCredentials {
  if (url.scheme === 'ssh') {
    const [privateKey, knownHosts, passphrase] = ['identity', 'known_hosts', 'password'].map((key) => login.get(key));
    if (privateKey === undefined || knownHosts === undefined) {
      throw invalid(loginSecret, 'secretRef', 'needs the keys identity and known_hosts for ssh');
    }
    return { kind: 'SshKey', privateKey, knownHosts, ...(passphrase !== undefined && { passphrase }) };
  }
  const token = login.get('bearerToken');
  if (token !== undefined) {
    return { kind: 'Bearer', token: headerText(token.trim(), loginSecret) };
  }
  return { kind: 'Basic', ...basicOf(login, loginSecret) };
}

/** Anything else would end the header, and begin another. */
function headerText(token: string, secret: string): string {
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw invalid(secret, 'secretRef', 'has a bearerToken with blanks or other characters that no token has');
  }
  return token;
}

/** Of the Secret for certificates; Flux has them in that of the login too. */
function caBundleOf(
  login: ReadonlyMap<string, string>,
  ca: ReadonlyMap<string, string> | undefined,
  caSecret: string | undefined,
): string | undefined {
  const pem = ca === undefined ? (login.get('ca.crt') ?? login.get('caFile')) : (ca.get('ca.crt') ?? '');
  if (pem !== undefined && !pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw invalid(
      caSecret ?? '',
      ca === undefined ? 'secretRef' : 'certSecretRef',
      'has no certificate (PEM) under key ca.crt',
    );
  }
  return pem;
}

function invalid(secret: string, field: string, problem: string): OperationError {
  return new OperationError(`Secret "${secret}" ${problem}`, {
    code: 'SECRET_INVALID',
    retry: 'backoff',
    context: { field, secret },
  });
}

function keyFor(namespace: string, { kind, loginSecret, caSecret }: AnySource): string {
  return JSON.stringify([namespace, kind, loginSecret, caSecret]);
}
