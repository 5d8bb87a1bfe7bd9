/** Signing a commit with a key that exists only while it is used. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { OperationError } from '../../core/errors.ts';
import type { CommitSignature } from '../../engine/ports/git-writer.ts';
import type { GitProgram } from './git-run.ts';

export interface Signing {
  /** For `commit-tree`. */
  readonly words: readonly string[];
  readonly config: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
}

const execute = promisify(execFile);
const timeoutMs = 20_000;

/** Makes the key ready, works, and removes every trace of it. @throws SECRET_INVALID when it is no such key */
export async function withSigning<T>(
  program: GitProgram,
  signature: CommitSignature | undefined,
  work: (signing: Signing) => Promise<T>,
): Promise<T> {
  if (signature === undefined) {
    return await work({ words: [], config: {}, environment: {} });
  }
  const folder = await mkdtemp(join(program.privateFolder, 'key-'));
  try {
    return signature.format === 'ssh'
      ? await work(await prepareSsh(program, folder, signature))
      : await withGpg(program, { folder, signature, work });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** ssh-keygen takes no passphrase from elsewhere than a terminal or an agent, so the copy is opened first. */
async function prepareSsh(program: GitProgram, folder: string, { key, passphrase }: CommitSignature): Promise<Signing> {
  const path = join(folder, 'key');
  await writeFile(path, key.endsWith('\n') ? key : `${key}\n`, { mode: 0o600 });
  if (passphrase !== undefined) {
    await run(program, 'ssh-keygen', ['-q', '-p', '-P', passphrase, '-N', '', '-f', path]);
  }
  return {
    words: [`-S${path}`],
    config: { 'gpg.format': 'ssh', 'user.signingkey': path, 'gpg.ssh.program': 'ssh-keygen' },
    environment: {},
  };
}

interface GpgWork<T> {
  readonly folder: string;
  readonly signature: CommitSignature;
  readonly work: (signing: Signing) => Promise<T>;
}

async function withGpg<T>(program: GitProgram, { folder, signature, work }: GpgWork<T>): Promise<T> {
  const home = join(folder, 'gnupg');
  const secret = join(folder, 'passphrase');
  const caller = join(folder, 'gpg');
  await mkdir(home, { mode: 0o700 });
  await writeFile(secret, signature.passphrase ?? '', { mode: 0o600 });
  const common = [
    '--homedir',
    home,
    '--batch',
    '--no-tty',
    '--quiet',
    '--pinentry-mode',
    'loopback',
    '--passphrase-file',
    secret,
  ];
  await writeFile(caller, `#!/bin/sh\nexec gpg ${common.map((word) => `'${word}'`).join(' ')} "$@"\n`, { mode: 0o700 });
  // Its agent measures at its start how slow a passphrase may be, which takes seconds on a busy machine; the copy lives that long only.
  await writeFile(join(home, 'gpg-agent.conf'), 's2k-count 65536\n', { mode: 0o600 });
  try {
    // gpg waits five seconds for an agent that it starts itself, and then does not sign.
    await run(program, 'gpgconf', ['--homedir', home, '--launch', 'gpg-agent']);
    const keyFile = join(folder, 'key.asc');
    await writeFile(keyFile, signature.key, { mode: 0o600 });
    await run(program, 'gpg', [...common, '--import', keyFile]);
    const list = await run(program, 'gpg', [...common, '--with-colons', '--list-secret-keys']);
    const [, fingerprint] = /^fpr:::::::::([0-9A-F]+):/m.exec(list) ?? [];
    if (fingerprint === undefined) {
      throw invalidKey('gpg', 'it holds no secret key');
    }
    const config = { 'gpg.format': 'openpgp', 'gpg.program': caller, 'user.signingkey': fingerprint };
    return await work({ words: [`-S${fingerprint}`], config, environment: {} });
  } finally {
    // Its agent lives on otherwise.
    await run(program, 'gpgconf', ['--homedir', home, '--kill', 'all']).catch(() => undefined);
  }
}

async function run(
  { environment, privateFolder }: GitProgram,
  name: string,
  words: readonly string[],
): Promise<string> {
  const options = { env: { ...environment, HOME: privateFolder, LC_ALL: 'C' }, timeout: timeoutMs, maxBuffer: 2 ** 20 };
  try {
    return (await execute(name, [...words], options)).stdout;
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
    // The message of execFile repeats the arguments, and one may be a passphrase.
    throw invalidKey(name, said.trim().split('\n').at(-1)?.slice(0, 200) || 'it did not take the key');
  }
}

function invalidKey(name: string, what: string): OperationError {
  return new OperationError(
    `sign a commit: ${name}: ${what}; check the key and the passphrase of signingKeySecretRef`,
    {
      code: 'SECRET_INVALID',
      retry: 'never',
    },
  );
}
