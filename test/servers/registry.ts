/**
 * The real docker-registry (distribution 2.8, Debian's package) on a free port of 127.0.0.1, open or closed in each way that clients meet.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { freePort } from '../cluster/ports.ts';
import { hireWarden, type RunningProcess, type Warden, waitUntilReady } from '../cluster/warden.ts';

export interface RegistryOptions {
  /** Folder of another registry: the same images behind another door. */
  readonly storage?: string;
  /** PEM. Without it the registry speaks plain http. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** Default: open to all. */
  readonly auth?:
    | { readonly kind: 'basic' }
    | {
        readonly kind: 'token';
        readonly realm: string;
        readonly service: string;
        readonly issuer: string;
        /** PEM of the authority that the tokens' signatures go back to. */
        readonly authority: string;
      };
}

export interface RunningRegistry {
  /** `127.0.0.1:<port>` */
  readonly host: string;
  readonly storage: string;
  /** What was asked so far, without this fixture's own questions. */
  accessLog(): Promise<readonly AccessLogLine[]>;
  stop(): Promise<void>;
}

export interface AccessLogLine {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly status: number;
}

/** The user that `auth: {kind: 'basic'}` lets in. */
export const reader = { username: 'reader', password: 'pass:word"odd' };
/** Of `htpasswd -nbBC 5`; a constant, because node:crypto has no bcrypt. */
const htpasswd = 'reader:$2y$05$lUwLoRTXk85e5RUyYjGROegd2ts0VCZy7N5u4yAZ4w/x6PYcYF7yq\n';

const attempts = 3;

/** Starts the registry and waits until it answers. Nothing of it outlives the test run. */
export async function startRegistry(options: RegistryOptions = {}): Promise<RunningRegistry> {
  const warden = await hireWarden();
  try {
    const { host, process } = await startOnFreePort(warden, options);
    return {
      host,
      storage: options.storage ?? join(warden.directory, 'images'),
      accessLog: async () => parseAccessLog(await readFile(process.logPath, 'utf8')),
      stop: () => warden.dismiss(),
    };
  } catch (error) {
    await warden.dismiss();
    throw error;
  }
}

async function startOnFreePort(
  warden: Warden,
  options: RegistryOptions,
): Promise<{ readonly host: string; readonly process: RunningProcess }> {
  for (let attempt = 1; ; attempt += 1) {
    const host = `127.0.0.1:${await freePort('127.0.0.1')}`;
    const config = await writeConfig(warden.directory, host, options);
    const process = warden.start({
      name: `registry-${attempt}`,
      program: 'docker-registry',
      arguments: ['serve', config],
    });
    try {
      await waitUntilReady(process, 20_000, () => answers(host, options));
      return { host, process };
    } catch (error) {
      // Somebody else may have taken the port in between.
      if (attempt === attempts || process.ending === undefined) {
        throw error;
      }
    }
  }
}

async function writeConfig(directory: string, host: string, { storage, tls, auth }: RegistryOptions): Promise<string> {
  const write = async (name: string, content: string): Promise<string> => {
    await writeFile(join(directory, name), content);
    return join(directory, name);
  };
  const config = {
    version: '0.1',
    log: { level: 'error' },
    storage: {
      filesystem: { rootdirectory: storage ?? join(directory, 'images') },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: {
      addr: host,
      secret: 'only for uploads in parts',
      ...(tls && {
        tls: { certificate: await write('tls.crt', tls.certificate), key: await write('tls.key', tls.key) },
      }),
    },
    ...(auth?.kind === 'basic' && {
      auth: { htpasswd: { realm: 'test registry', path: await write('htpasswd', htpasswd) } },
    }),
    ...(auth?.kind === 'token' && {
      auth: {
        token: {
          realm: auth.realm,
          service: auth.service,
          issuer: auth.issuer,
          rootcertbundle: await write('tokens.crt', auth.authority),
        },
      },
    }),
  };
  return await write('config.json', JSON.stringify(config));
}

/** A closed registry that says 401 is ready too. Over TLS the port alone is asked: its certificate is the tests' business. */
async function answers(host: string, { tls }: RegistryOptions): Promise<boolean> {
  try {
    const response = await request(`http://${host}/v2/`, {
      headersTimeout: 2_000,
      headers: { 'user-agent': ownAgent },
    });
    await response.body.dump();
    return tls ? response.statusCode === 400 : response.statusCode === 200 || response.statusCode === 401;
  } catch {
    return false;
  }
}

const ownAgent = 'fixture';

/** Apache's combined format, as the registry writes it to its output. */
function parseAccessLog(text: string): readonly AccessLogLine[] {
  return [...text.matchAll(/"([A-Z]+) (\S+) HTTP\/[0-9.]+" ([0-9]{3}) .*"([^"]*)"$/gm)]
    .filter(([, , , , agent]) => agent !== ownAgent)
    .map(([, method = '', path = '', status]) => ({ method, path, status: Number(status) }));
}
