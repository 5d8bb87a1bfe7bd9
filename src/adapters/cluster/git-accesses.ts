/** Fulfils the engine's GitAccesses with Secrets that have the keys of Flux's GitRepository and ImageUpdateAutomation. */
import { OperationError } from '../../core/errors.ts';
import type { GitAccess, GitCredentials } from '../../engine/ports/git.ts';
import type { GitAccesses } from '../../engine/ports/git-accesses.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../kube/objects.ts';
import { secrets } from '../../kube/resource-types.ts';

interface SecretObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

type Entries = Readonly<Record<string, string>>;

export function createGitAccesses(client: KubeClient): GitAccesses {
  const read = async (namespace: string, name: string, signal: AbortSignal): Promise<Entries> => {
    const secret = await client.find<SecretObject>(secrets, { namespace, name }, { signal });
    if (!secret) {
      throw new OperationError(`read Secret ${namespace}/${name}: there is none`, {
        code: 'SECRET_NOT_FOUND',
        retry: 'backoff',
      });
    }
    const entries = Object.entries(secret.data ?? {});
    return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]));
  };

  return {
    async accessFor(namespace, secret, signal) {
      return secret === undefined ? {} : gitAccessOf(await read(namespace, secret, signal), `${namespace}/${secret}`);
    },
    async tokenFor(namespace, secret, signal) {
      const entries = secret === undefined ? {} : await read(namespace, secret, signal);
      const token = (entries['token'] ?? entries['password'] ?? entries['bearerToken'])?.trim();
      if (token === undefined || !/^[!-~]{1,4096}$/.test(token)) {
        throw invalid(`${namespace}/${secret ?? '?'}`, 'has no token of the forge; put it under the key token');
      }
      return { token, caBundle: caOf(entries) };
    },
    async signatureFor(namespace, secret, signal) {
      if (secret === undefined) {
        return undefined;
      }
      const entries = await read(namespace, secret, signal);
      const [gpg, ssh] = [entries['git.asc'], entries['identity']];
      const key = gpg ?? ssh;
      if (key === undefined) {
        throw invalid(
          `${namespace}/${secret}`,
          'has no key to sign with; put it under git.asc (gpg) or identity (ssh)',
        );
      }
      const passphrase = entries['passphrase'] ?? (gpg === undefined ? entries['password'] : undefined);
      return { format: gpg === undefined ? 'ssh' : 'gpg', key, ...(passphrase !== undefined && { passphrase }) };
    },
  };
}

/**
 * What the entries of a Secret say.
 *
 * @param name for messages
 * @throws SECRET_INVALID
 */
export function gitAccessOf(entries: Entries, name: string): GitAccess {
  const credentials = credentialsOf(entries, name);
  const caBundle = caOf(entries);
  return { ...(credentials && { credentials }), ...(caBundle !== undefined && { caBundle }) };
}

function caOf(entries: Entries): string | undefined {
  return entries['ca.crt'] ?? entries['caFile'];
}

function credentialsOf(entries: Entries, name: string): GitCredentials | undefined {
  const { identity, known_hosts: knownHosts, username, password, bearerToken } = entries;
  if (identity !== undefined) {
    if (knownHosts === undefined) {
      throw invalid(
        name,
        'has an ssh key (identity) and no known_hosts; without it no server can be told from another',
      );
    }
    return {
      kind: 'SshKey',
      privateKey: identity,
      knownHosts,
      ...(password !== undefined && { passphrase: password }),
    };
  }
  if (bearerToken !== undefined) {
    return { kind: 'Bearer', token: bearerToken.trim() };
  }
  if (username === undefined && password === undefined) {
    return undefined;
  }
  if (username === undefined || password === undefined) {
    throw invalid(name, 'has only one of username and password; git wants both');
  }
  return { kind: 'Basic', username, password };
}

function invalid(name: string, what: string): OperationError {
  return new OperationError(`Secret ${name} ${what}`, { code: 'SECRET_INVALID', retry: 'backoff' });
}
