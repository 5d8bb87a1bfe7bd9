/** The object `auths` as docker login writes it: in pull secrets and in docker's own configuration. */
import type { Repository } from '../../core/image/reference.ts';
import type { RegistryCredentials } from '../../engine/ports/registry.ts';
import { isRecord } from './failure.ts';
import { comparePlaces, fitsPlace, normalisePlace } from './place.ts';

export interface AuthEntry {
  /** Host with port, maybe with wildcards in its labels, and a path. */
  readonly place: string;
  /** Undefined for what a credential helper keeps. */
  readonly credentials: RegistryCredentials | undefined;
}

/**
 * Reads the entries.
 *
 * @param invalid makes the error of what cannot be read from the end of a sentence that begins with the name of the text; it is never told the contents
 */
export function parseAuths(auths: unknown, invalid: (found: string) => Error): readonly AuthEntry[] {
  if (!isRecord(auths)) {
    throw invalid(' holds no JSON object as docker login writes it');
  }
  return Object.entries(auths).map(([place, fields]) => ({
    place: normalisePlace(place),
    credentials: parseFields(fields, (found) => invalid(`, entry "${place}"${found}`)),
  }));
}

/** The credentials of all entries that fit, the most exact place first; those of one place in the order in which they are given. */
export function matchAuths(entries: readonly AuthEntry[], repository: Repository): readonly RegistryCredentials[] {
  return entries
    .filter(({ place }) => fitsPlace(place, repository))
    .toSorted((left, right) => comparePlaces(left.place, right.place))
    .flatMap(({ credentials }) => credentials ?? []);
}

/** What JSON.parse says of a text quotes the text, and these are secret. */
export function parseSecretJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `auth` is before `username` and `password`, as the kubelet has it; an identity token is before both, as docker has it. */
function parseFields(fields: unknown, invalid: (found: string) => Error): RegistryCredentials | undefined {
  if (!isRecord(fields)) {
    throw invalid(' is not an object');
  }
  const { auth, identitytoken } = fields;
  const login = typeof auth === 'string' && auth !== '' ? parseAuth(auth, invalid) : parseLogin(fields, invalid);
  return typeof identitytoken === 'string' && identitytoken !== ''
    ? { username: '', password: '', ...login, identityToken: identitytoken }
    : login;
}

function parseLogin(
  { username, password }: Readonly<Record<string, unknown>>,
  invalid: (found: string) => Error,
): RegistryCredentials | undefined {
  if (username === undefined && password === undefined) {
    return undefined;
  }
  if (typeof username !== 'string' || typeof password !== 'string') {
    throw invalid(' needs username and password, both as text');
  }
  return username === '' && password === '' ? undefined : { username, password };
}

/** base64 of `username:password`, with or without padding; the password may have colons. */
function parseAuth(auth: string, invalid: (found: string) => Error): RegistryCredentials {
  const text = /^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(auth) ? Buffer.from(auth, 'base64').toString('utf8') : '';
  const colon = text.indexOf(':');
  if (colon < 0) {
    throw invalid(': "auth" is not base64 of username:password');
  }
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
