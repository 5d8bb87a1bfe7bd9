/** Public keys made ready for git, for as long as they are used. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { OperationError } from '../../core/errors.ts';
import type { PublicKeyFile } from '../../engine/ports/signatures.ts';
import type { GitProgram } from './git-run.ts';

export interface TrustedKeys {
  readonly formats: readonly ('openpgp' | 'ssh')[];
  readonly config: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
}

const execute = promisify(execFile);
const timeoutMs = 20_000;
const maxKeyFiles = 50;
const maxKeyBytes = 1_048_576;
/** No agent, no question, no network; a signature over SHA-1 proves nothing any more. */
const gpgConf = ['batch', 'no-tty', 'no-autostart', 'trust-model always', 'weak-digest SHA1', 'no-auto-key-retrieve'];
const sshKey = /^(?:ssh-|ecdsa-sha2-|sk-)[\w@.-]+ [A-Za-z0-9+/=]+$/;

/** @throws SECRET_INVALID naming the entry that is no public key */
export async function withTrustedKeys<T>(
  program: GitProgram,
  keys: readonly PublicKeyFile[],
  work: (trusted: TrustedKeys) => Promise<T>,
): Promise<T> {
  if (keys.length > maxKeyFiles || keys.some(({ content }) => content.length > maxKeyBytes)) {
    throw invalidKeys(`more than ${maxKeyFiles} entries, or one of more than ${maxKeyBytes} bytes`);
  }
  await mkdir(program.privateFolder, { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(program.privateFolder, 'trust-'));
  try {
    const pgp = keys.filter(({ name }) => name.endsWith('.asc'));
    const signers = allowedSigners(keys);
    const home = join(folder, 'gnupg');
    const signersFile = join(folder, 'allowed_signers');
    await prepareGpg(program, { folder, home, keys: pgp });
    await writeFile(signersFile, `${signers.join('\n')}\n`, { mode: 0o600 });
    return await work({
      formats: [...(pgp.length > 0 ? ['openpgp' as const] : []), ...(signers.length > 0 ? ['ssh' as const] : [])],
      config: {
        'gpg.program': 'gpg',
        'gpg.ssh.program': 'ssh-keygen',
        'gpg.ssh.allowedSignersFile': signersFile,
        'gpg.x509.program': '/bin/false',
      },
      environment: { GNUPGHOME: home },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Preparing {
  readonly folder: string;
  readonly home: string;
  readonly keys: readonly PublicKeyFile[];
}

async function prepareGpg(program: GitProgram, { folder, home, keys }: Preparing): Promise<void> {
  await mkdir(home, { mode: 0o700 });
  await writeFile(join(home, 'gpg.conf'), `${gpgConf.join('\n')}\n`, { mode: 0o600 });
  for (const { name, content } of keys) {
    const file = join(folder, 'key');
    await writeFile(file, content, { mode: 0o600 });
    const environment = { ...program.environment, GNUPGHOME: home, HOME: folder, LC_ALL: 'C' };
    try {
      await execute('gpg', ['--quiet', '--import', file], { env: environment, timeout: timeoutMs, maxBuffer: 2 ** 20 });
    } catch (error) {
      throw invalidKeys(`"${name}" is no OpenPGP public key, as gpg --armor --export writes it`, error);
    }
  }
}

/** Lines as ssh-keygen reads them (ssh-keygen(1), "ALLOWED SIGNERS"); a plain key may sign for git alone. */
function allowedSigners(keys: readonly PublicKeyFile[]): readonly string[] {
  return keys.flatMap(({ name, content }) => {
    const lines = content
      .toString('utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'));
    if (name === 'allowed_signers') {
      return lines;
    }
    return name.endsWith('.pub') ? lines.map((line) => signerOf(name, line)) : [];
  });
}

function signerOf(name: string, line: string): string {
  const key = line.split(/\s+/).slice(0, 2).join(' ');
  if (!sshKey.test(key)) {
    throw invalidKeys(`"${name}" is no ssh public key, as ssh-keygen writes it into a file .pub`);
  }
  return `${name.replaceAll(/[^\w.-]/g, '-')} namespaces="git" ${key}`;
}

function invalidKeys(problem: string, cause?: unknown): OperationError {
  return new OperationError(`the public keys for git: ${problem}`, {
    code: 'SECRET_INVALID',
    retry: 'backoff',
    context: { field: 'verify.keysSecretRef' },
    cause,
  });
}
