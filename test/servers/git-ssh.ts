/** Git over ssh: the real sshd (Debian's openssh-server) on a free port of 127.0.0.1, for the user that runs the tests. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort, isListening } from '../cluster/ports.ts';
import { hireWarden, waitUntilReady } from '../cluster/warden.ts';

export interface GitSshServer {
  /** `user@127.0.0.1:port`, to be put between `ssh://` and a path. */
  readonly authority: string;
  /** A line of known_hosts with its host key. */
  readonly knownHosts: string;
  /** Of a key that opens it. */
  readonly privateKey: string;
  /** The same key, closed by `passphrase`. */
  readonly closedPrivateKey: string;
  readonly passphrase: string;
  /** Of a key that does not. */
  readonly strangerKey: string;
  stop(): Promise<void>;
}

const sshd = '/usr/sbin/sshd';
const passphrase = 'open "sesame" $HOME';

export async function startGitSsh(): Promise<GitSshServer> {
  const warden = await hireWarden();
  const folder = warden.directory;
  const port = await freePort('127.0.0.1');
  for (const name of ['host', 'user', 'stranger']) {
    makeKey(join(folder, name), '');
  }
  makeKey(join(folder, 'closed'), passphrase);
  const publicKey = (name: string) => readFileSync(join(folder, `${name}.pub`), 'utf8');
  writeFileSync(join(folder, 'authorized_keys'), `${publicKey('user')}${publicKey('closed')}`, { mode: 0o600 });
  writeFileSync(join(folder, 'sshd_config'), configOf(folder, port));
  if (process.geteuid?.() === 0) {
    // What Debian's service makes before it starts sshd.
    mkdirSync('/run/sshd', { recursive: true });
  }
  const process_ = warden.start({
    name: 'sshd',
    program: sshd,
    arguments: ['-D', '-e', '-f', join(folder, 'sshd_config')],
  });
  await waitUntilReady(process_, 10_000, () => isListening('127.0.0.1', port));
  return {
    authority: `${userInfo().username}@127.0.0.1:${port}`,
    knownHosts: `[127.0.0.1]:${port} ${publicKey('host')}`,
    privateKey: readFileSync(join(folder, 'user'), 'utf8'),
    closedPrivateKey: readFileSync(join(folder, 'closed'), 'utf8'),
    passphrase,
    strangerKey: readFileSync(join(folder, 'stranger'), 'utf8'),
    stop: () => warden.dismiss(),
  };
}

function makeKey(path: string, secret: string): void {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', secret, '-C', 'test', '-f', path]);
}

function configOf(folder: string, port: number): string {
  return [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PasswordAuthentication no',
    'PermitRootLogin prohibit-password',
    'AcceptEnv GIT_PROTOCOL',
    '',
  ].join('\n');
}
