/** People with keys of ssh and gpg who sign commits and tags of test repositories. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestRepository } from '../servers/git-repository.ts';

export interface GitSigner {
  /** As a Secret has it: `key.pub` of ssh, `key.asc` of gpg. */
  readonly publicKey: { readonly name: string; readonly content: Buffer };
  /** Signs what the branch has as a commit of its own on top of it; answers its id. */
  commit(repository: TestRepository, branch?: string): string;
  tag(repository: TestRepository, name: string, commit?: string): void;
  close(): void;
}

export function openSshSigner(): GitSigner {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-signer-'));
  const key = join(folder, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'ada', '-f', key]);
  const content = readFileSync(`${key}.pub`);
  const config = ['-c', 'gpg.format=ssh', '-c', `user.signingkey=${key}`];
  return { ...signWith(config), publicKey: { name: 'ada.pub', content }, close: () => remove(folder) };
}

export interface GpgSigner extends GitSigner {
  /** As Helm reads it: secret keys in one file. */
  exportSecretKeys(): Buffer;
  /** Public keys as bytes, not as text. */
  exportBinary(): Buffer;
}

export function openGpgSigner(name = 'Ada <ada@example.org>', algorithm = 'ed25519'): GpgSigner {
  const home = mkdtempSync(join(tmpdir(), 'headgate-signer-'));
  const common = [
    '--homedir',
    home,
    '--batch',
    '--no-tty',
    '--quiet',
    '--pinentry-mode',
    'loopback',
    '--passphrase',
    '',
  ];
  const gpg = (...words: readonly string[]) => execFileSync('gpg', [...common, ...words], { stdio: 'pipe' });
  gpg('--quick-generate-key', name, algorithm, 'sign', 'never');
  const caller = join(home, 'call');
  const quoted = common.map((word) => `'${word}'`).join(' ');
  writeFileSync(caller, `#!/bin/sh\nexec gpg ${quoted} "$@"\n`, { mode: 0o700 });
  const config = ['-c', 'gpg.format=openpgp', '-c', `gpg.program=${caller}`, '-c', 'user.signingkey=ada@example.org'];
  return {
    ...signWith(config),
    publicKey: { name: 'ada.asc', content: gpg('--armor', '--export') },
    exportSecretKeys: () => gpg('--export-secret-keys'),
    exportBinary: () => gpg('--export'),
    close() {
      execFileSync('gpgconf', ['--homedir', home, '--kill', 'all']);
      remove(home);
    },
  };
}

function signWith(config: readonly string[]): Pick<GitSigner, 'commit' | 'tag'> {
  return {
    commit(repository, branch = 'main') {
      const tree = repository.git('rev-parse', `${branch}^{tree}`);
      const commit = repository.git(...config, 'commit-tree', '-S', '-p', branch, '-m', 'signed', tree);
      repository.git('update-ref', `refs/heads/${branch}`, commit);
      return commit;
    },
    tag(repository, name, commit = 'main') {
      repository.git(...config, 'tag', '--sign', '--message=signed', name, commit);
    },
  };
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
