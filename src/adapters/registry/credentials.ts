/**
 * Credentials of a repository from a pull secret, matched as the kubelet matches them (k8s.io/kubernetes/pkg/credentialprovider),
 * so that Headgate can read whatever the nodes can pull.
 */

import { OperationError } from '../../core/errors.ts';
import { formatRepository, type Repository } from '../../core/image/reference.ts';
import type { RegistryCredentials } from '../../engine/ports/registry.ts';
import { isRecord } from './failure.ts';

/** What is needed of a Secret object. */
export interface PullSecret {
  readonly name: string;
  /** `kubernetes.io/dockerconfigjson` or `kubernetes.io/dockercfg`. */
  readonly type: string;
  /** Values in base64. */
  readonly data: Readonly<Record<string, string>>;
}

interface Entry {
  /** Host with port, maybe with wildcards in its labels, and a path. */
  readonly place: string;
  readonly credentials: RegistryCredentials | undefined;
}

const dataKeys: Readonly<Record<string, string>> = {
  'kubernetes.io/dockerconfigjson': '.dockerconfigjson',
  'kubernetes.io/dockercfg': '.dockercfg',
};

/**
 * The credentials of the entry that fits the repository best, the longest path first; undefined when none fits, and the registry is
 * asked without.
 *
 * @throws SECRET_INVALID naming the secret and its key, never its contents
 */
export function readPullSecret(
  secret: PullSecret,
  { repository }: { readonly repository: Repository },
): RegistryCredentials | undefined {
  const entries = [...parseEntries(secret)];
  // The kubelet's order: places sorted backwards, by which `ghcr.io/org` is before `ghcr.io` and a name before a wildcard.
  entries.sort((left, right) => (left.place === right.place ? 0 : left.place < right.place ? 1 : -1));
  return entries.find((entry) => entry.credentials !== undefined && fits(entry.place, repository))?.credentials;
}

function* parseEntries(secret: PullSecret): Generator<Entry> {
  const key = dataKeys[secret.type];
  const encoded = key === undefined ? undefined : secret.data[key];
  if (key === undefined || encoded === undefined) {
    const found = `type "${secret.type}" with keys ${Object.keys(secret.data).join(', ') || '(none)'}`;
    throw invalid(secret, `${found}; it must be of type kubernetes.io/dockerconfigjson with key .dockerconfigjson`);
  }
  const config = parseJson(Buffer.from(encoded, 'base64').toString('utf8'));
  const auths = key === '.dockercfg' || !isRecord(config) ? config : (config['auths'] ?? {});
  if (!isRecord(auths)) {
    throw invalid(secret, `key ${key} holds no JSON object as docker login writes it`);
  }
  for (const [place, fields] of Object.entries(auths)) {
    yield { place: normalisePlace(place), credentials: parseFields(secret, `key ${key}, entry "${place}"`, fields) };
  }
}

/** What JSON.parse says of a text quotes the text, and this one is secret. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `auth` is before `username` and `password`, as the kubelet has it. Entries for credential helpers have none of these. */
function parseFields(secret: PullSecret, where: string, fields: unknown): RegistryCredentials | undefined {
  if (!isRecord(fields)) {
    throw invalid(secret, `${where} is not an object`);
  }
  const { auth, username, password } = fields;
  if (typeof auth === 'string' && auth !== '') {
    return parseAuth(secret, where, auth);
  }
  if (username === undefined && password === undefined) {
    return undefined;
  }
  if (typeof username !== 'string' || typeof password !== 'string') {
    throw invalid(secret, `${where} needs username and password, both as text`);
  }
  return username === '' && password === '' ? undefined : { username, password };
}

/** base64 of `username:password`, with or without padding; the password may have colons. */
function parseAuth(secret: PullSecret, where: string, auth: string): RegistryCredentials {
  const text = /^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(auth) ? Buffer.from(auth, 'base64').toString('utf8') : '';
  const colon = text.indexOf(':');
  if (colon < 0) {
    throw invalid(secret, `${where}: "auth" is not base64 of username:password`);
  }
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Without scheme and without the version of the API: `https://index.docker.io/v1/` is `index.docker.io`. */
function normalisePlace(written: string): string {
  const place = written.replace(/^https?:\/\//, '');
  const slash = place.indexOf('/');
  if (slash < 0) {
    return place;
  }
  const path = place.slice(slash).replace(/^\/v[12](?=\/|$)/, '');
  return path === '' || path === '/' ? place.slice(0, slash) : place.slice(0, slash) + path;
}

function fits(place: string, repository: Repository): boolean {
  if (repository.registry === 'docker.io' && place === 'index.docker.io') {
    return true;
  }
  const slash = place.indexOf('/');
  const host = slash < 0 ? place : place.slice(0, slash);
  const path = slash < 0 ? '' : place.slice(slash);
  const target = formatRepository(repository);
  return hostFits(host, repository.registry) && target.slice(repository.registry.length).startsWith(path);
}

/** Ports must be equal; labels are compared one by one, so that a wildcard never reaches over a dot. */
function hostFits(pattern: string, host: string): boolean {
  const [patternName = '', patternPort] = splitPort(pattern);
  const [name = '', port] = splitPort(host);
  const patternLabels = patternName.split('.');
  const labels = name.split('.');
  return (
    patternPort === port &&
    patternLabels.length === labels.length &&
    patternLabels.every((label, index) => labelFits(label, labels[index] ?? ''))
  );
}

function splitPort(host: string): readonly string[] {
  const [, name = host, port] = /^(.*):([0-9]+)$/.exec(host) ?? [];
  return port === undefined ? [name] : [name, port];
}

/** `*` stands for any text, `?` for one character. Goes back to the last star only, so it takes at most the product of the lengths. */
function labelFits(pattern: string, label: string): boolean {
  let at = 0;
  let inPattern = 0;
  let star = -1;
  let afterStar = 0;
  while (at < label.length) {
    const wanted = pattern[inPattern];
    if (wanted === '*') {
      star = inPattern;
      afterStar = at;
      inPattern += 1;
    } else if (wanted === '?' || wanted === label[at]) {
      inPattern += 1;
      at += 1;
    } else if (star >= 0) {
      afterStar += 1;
      at = afterStar;
      inPattern = star + 1;
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(inPattern));
}

function invalid(secret: PullSecret, found: string): OperationError {
  return new OperationError(`read pull secret "${secret.name}": ${found}`, {
    code: 'SECRET_INVALID',
    retry: 'backoff',
    context: { secret: secret.name },
  });
}
