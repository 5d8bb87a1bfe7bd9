/** Keys of channels in a folder: private ones as PEM, or public ones with a command that signs. */
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RootRole, rootRoles } from '../../adapters/channel/root-ceremony.ts';
import { keyOfPem, keyUnusable, type Signer, signerOfPem } from '../../adapters/channel/signer.ts';
import { ownEnvironment } from '../config.ts';

export interface KeyFolder {
  readonly path: string;
  /** A program, without words, that gets the bytes on its standard input and prints the signature in base64; HEADGATE_KEY names the file. */
  readonly signCommand: string | undefined;
}

/**
 * The keys of a role: `targets.pem`, `targets-2.pem`; where only `targets.pub` is there the command signs.
 *
 * @returns none where the folder has none
 * @throws KEY_UNUSABLE
 */
export async function readSigners(role: RootRole, { path, signCommand }: KeyFolder): Promise<readonly Signer[]> {
  const names = (await listFolder(path)).filter((name) => new RegExp(`^${role}(-[^.]+)?\\.(pem|pub)$`).test(name));
  const withPrivate = new Set(names.filter((name) => name.endsWith('.pem')).map(stem));
  const chosen = names.filter((name) => name.endsWith('.pem') || !withPrivate.has(stem(name)));
  return await Promise.all(
    chosen.toSorted().map(async (name) => {
      const file = join(path, name);
      const text = await readFile(file);
      return name.endsWith('.pem') ? signerOfPem(text, file) : signerByCommand(text, file, signCommand);
    }),
  );
}

/** @throws KEY_UNUSABLE where a role has none */
export async function readAllSigners(folder: KeyFolder): Promise<Readonly<Record<RootRole, readonly Signer[]>>> {
  const of = async (role: RootRole) => {
    const signers = await readSigners(role, folder);
    if (signers.length === 0) {
      throw keyUnusable(`${folder.path} has no ${role}.pem`);
    }
    return signers;
  };
  return {
    root: await of('root'),
    targets: await of('targets'),
    snapshot: await of('snapshot'),
    timestamp: await of('timestamp'),
  };
}

function stem(name: string): string {
  return name.replace(/\.(pem|pub)$/, '');
}

async function listFolder(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    throw keyUnusable(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

const commandTimeoutMs = 120_000;

function signerByCommand(publicPem: Buffer, file: string, command: string | undefined): Signer {
  if (command === undefined) {
    throw keyUnusable(`${file} is a public key, and no command is given that signs (--sign-command)`);
  }
  return {
    key: keyOfPem(publicPem, file),
    sign: async (bytes, signal) => {
      const printed = await run(command, { file, bytes }, signal);
      return Buffer.from(printed.trim(), 'base64').toString('hex');
    },
  };
}

async function run(
  command: string,
  { file, bytes }: { readonly file: string; readonly bytes: Buffer },
  signal: AbortSignal,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = {
    timeout: commandTimeoutMs,
    maxBuffer: 65_536,
    signal,
    env: { ...ownEnvironment(), HEADGATE_KEY: file },
  };
  const child = execFile(command, [], options, (error, stdout) => {
    if (error === null) {
      resolve(stdout);
    } else {
      reject(keyUnusable(`${command} does not sign with ${file}: ${error.message.split('\n')[0]}`));
    }
  });
  // One that ends without reading is told by its exit code.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(bytes);
  return await promise;
}

/**
 * Makes new keys (Ed25519) for the roles; only their owner may read them.
 *
 * @throws KEY_UNUSABLE where there are keys already: they are never written over
 */
export async function makeKeys(path: string, rootKeys: number): Promise<readonly string[]> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const taken = (await listFolder(path)).filter((name) => name.endsWith('.pem'));
  if (taken.length > 0) {
    throw keyUnusable(`${path} has keys already (${taken.join(', ')}); name another folder`);
  }
  const roots = Array.from({ length: rootKeys }, (_, at) => `root-${at + 1}.pem`);
  const files = [...roots, ...rootRoles.filter((role) => role !== 'root').map((role) => `${role}.pem`)];
  for (const file of files) {
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' });
    await writeFile(join(path, file), pem, { mode: 0o600, flag: 'wx' });
  }
  return files.map((file) => join(path, file));
}
