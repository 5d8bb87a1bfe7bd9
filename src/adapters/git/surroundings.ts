/** What a git process sees of the world: environment, configuration, key files. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';
import type { GitAccess, GitCredentials, GitRemote } from '../../engine/ports/git.ts';
import { type Place, PlaceForbidden, type PlaceGuard } from '../../network/place-guard.ts';
import { gitError } from './git-failure.ts';
import type { GitProgram, GitRun } from './git-run.ts';

export interface Surroundings {
  readonly environment: Readonly<Record<string, string>>;
  /** Removes the files with secrets. */
  remove(): Promise<void>;
}

type Config = Readonly<Record<string, string>>;

/** Nothing that a repository or a server says makes git run a program, ask a person, or go elsewhere. */
const commonConfig: Config = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'core.attributesFile': '/dev/null',
  'core.excludesFile': '/dev/null',
  // Streams what is larger instead of holding it in memory.
  'core.bigFileThreshold': '16m',
  'core.packedGitWindowSize': '32m',
  'core.packedGitLimit': '256m',
  'credential.helper': '',
  'fetch.recurseSubmodules': 'false',
  'submodule.recurse': 'false',
  // Packs stay packs, so that the bound of a file is a bound of all that a fetch brings.
  'fetch.unpackLimit': '1',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'pack.threads': '1',
  'protocol.allow': 'never',
  'protocol.version': '2',
  'http.lowSpeedLimit': '1',
  'http.lowSpeedTime': '30',
  'safe.directory': '*',
  'advice.detachedHead': 'false',
};

const fixedEnvironment: Readonly<Record<string, string>> = {
  LC_ALL: 'C',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: '/bin/false',
  SSH_ASKPASS: '/bin/false',
  GIT_LITERAL_PATHSPECS: '1',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_LFS_SKIP_SMUDGE: '1',
  GIT_PROTOCOL_FROM_USER: '0',
};

/** @throws GIT_DENIED when ssh has no key or no known_hosts */
export async function prepareSurroundings(
  program: GitProgram,
  run: GitRun,
  signal: AbortSignal,
): Promise<Surroundings> {
  await mkdir(program.privateFolder, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(program.privateFolder, 'run-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const pinned = run.remote === undefined ? {} : await pinAddress(program.guard, run, run.remote, signal);
    const reach = run.remote === undefined ? noReach : await reachRemote(folder, run, run.remote);
    const config = { ...commonConfig, ...reach.config, ...pinned, ...run.config };
    return {
      environment: {
        ...program.environment,
        HOME: folder,
        ...fixedEnvironment,
        ...configVariables(config),
        ...reach.environment,
        ...run.environment,
      },
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * Names are resolved here and judged; git connects to just these addresses, so that a name server has no second word.
 *
 * @throws GIT_UNUSABLE for a place where no repository is
 */
async function pinAddress(
  guard: PlaceGuard | undefined,
  run: GitRun,
  { url }: GitRemote,
  signal: AbortSignal,
): Promise<Config> {
  const place = placeOf(url);
  if (guard === undefined || place === undefined) {
    return {};
  }
  try {
    const addresses = await guard.addressesOf(place, signal);
    const listed = addresses.map((one) => (isIP(one) === 6 ? `[${one}]` : one)).join(',');
    const isName = isIP(place.host) === 0 && addresses.length > 0;
    return isName ? { 'http.curloptResolve': `${place.host}:${place.port}:${listed}` } : {};
  } catch (error) {
    if (error instanceof PlaceForbidden) {
      throw gitError(run, 'GIT_UNUSABLE', `${error.message}, where no repository is; nothing was sent there`);
    }
    throw error;
  }
}

const defaultPorts = { https: 443, http: 80, ssh: 22 } as const;

/** Undefined for a file. */
function placeOf({ text, scheme }: GitRemote['url']): Place | undefined {
  if (scheme === 'file') {
    return undefined;
  }
  // user@host:path has no port.
  const [, scpHost] = text.includes('://') ? [] : (/^(?:[^@]*@)?([^:]+):/.exec(text) ?? []);
  const url = scpHost === undefined ? new URL(text.replace(/^ssh:/, 'https:')) : undefined;
  const host = scpHost ?? url?.hostname.replace(/^\[(.*)\]$/, '$1') ?? '';
  const port = url === undefined || url.port === '' ? portIn(text, scheme) : Number(url.port);
  return { host, port };
}

/** `ssh://host:443` has its port also where https would leave it out. */
function portIn(text: string, scheme: keyof typeof defaultPorts): number {
  const [, port] = /^ssh:\/\/[^/]*:(\d+)\//.exec(text) ?? [];
  return port === undefined ? defaultPorts[scheme] : Number(port);
}

interface Reach {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string>>;
}

const noReach: Reach = { config: {}, environment: {} };

async function reachRemote(folder: string, run: GitRun, remote: GitRemote): Promise<Reach> {
  const { url, access } = remote;
  const config = { 'remote.source.url': url.text, [`protocol.${url.scheme}.allow`]: 'always' };
  switch (url.scheme) {
    case 'http':
    case 'https':
      return { config: { ...config, ...(await httpConfig(folder, access)) }, environment: {} };
    case 'ssh':
      return { config, environment: await sshEnvironment(folder, run, access.credentials) };
    case 'file':
      return { config, environment: {} };
  }
}

/** In the environment, which only our own user can read of a process; everybody can read arguments. */
function configVariables(config: Config): Record<string, string> {
  const entries = Object.entries(config);
  return Object.fromEntries([
    ['GIT_CONFIG_COUNT', String(entries.length)],
    ...entries.flatMap(([key, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ]);
}

async function httpConfig(folder: string, { caBundle, credentials }: GitAccess): Promise<Config> {
  const authorization = authorizationOf(credentials);
  return {
    ...(authorization !== undefined && {
      'http.extraHeader': `Authorization: ${authorization}`,
    }),
    // A redirect would take the header to another server, and us to where nobody has looked.
    'http.followRedirects': 'false',
    ...(caBundle !== undefined && { 'http.sslCAInfo': await writeTrusted(folder, caBundle) }),
  };
}

function authorizationOf(credentials: GitCredentials | undefined): string | undefined {
  switch (credentials?.kind) {
    case 'Basic':
      return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
    case 'Bearer':
      return `Bearer ${credentials.token}`;
    default:
      return undefined;
  }
}

/** git takes the certificates of a file in place of its own, so both are put into one. */
async function writeTrusted(folder: string, caBundle: string): Promise<string> {
  const path = join(folder, 'trusted.pem');
  await writeFile(path, [...getCACertificates('default'), caBundle].join('\n'));
  return path;
}

async function sshEnvironment(
  folder: string,
  run: GitRun,
  credentials: GitCredentials | undefined,
): Promise<Record<string, string>> {
  if (credentials?.kind !== 'SshKey') {
    throw gitError(
      run,
      'GIT_DENIED',
      'ssh needs a Secret with the keys identity and known_hosts; name it as secretRef',
    );
  }
  const key = join(folder, 'identity');
  const knownHosts = join(folder, 'known_hosts');
  await writeFile(key, `${credentials.privateKey.trimEnd()}\n`, { mode: 0o600 });
  await writeFile(knownHosts, `${credentials.knownHosts.trimEnd()}\n`, { mode: 0o600 });
  const command = ['ssh', '-F', '/dev/null', '-i', key, ...sshOptions, '-o', `UserKnownHostsFile=${knownHosts}`];
  return {
    GIT_SSH_COMMAND: command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' '),
    GIT_SSH_VARIANT: 'ssh',
    ...(await passphraseEnvironment(folder, credentials.passphrase)),
  };
}

const sshOptions = [
  'IdentitiesOnly=yes',
  'IdentityAgent=none',
  'StrictHostKeyChecking=yes',
  'GlobalKnownHostsFile=/dev/null',
  'UpdateHostKeys=no',
  'PreferredAuthentications=publickey',
  'NumberOfPasswordPrompts=1',
  'ConnectTimeout=15',
  'ServerAliveInterval=10',
  'ForwardAgent=no',
  'ForwardX11=no',
].flatMap((option) => ['-o', option]);

async function passphraseEnvironment(folder: string, passphrase: string | undefined): Promise<Record<string, string>> {
  if (passphrase === undefined) {
    return {};
  }
  const program = join(folder, 'passphrase');
  await writeFile(program, '#!/bin/sh\nprintf "%s\\n" "$HEADGATE_KEY_PASSPHRASE"\n', { mode: 0o700 });
  return { SSH_ASKPASS: program, SSH_ASKPASS_REQUIRE: 'force', HEADGATE_KEY_PASSPHRASE: passphrase };
}
