/** Commits into repositories on real servers: git's http-backend and sshd. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type GitHttpOptions, startGitHttp } from '../../../test/servers/git-http.ts';
import { makeGitRoot, makeRepository, type TestRepository } from '../../../test/servers/git-repository.ts';
import { startGitSsh } from '../../../test/servers/git-ssh.ts';
import type { TestServer } from '../../../test/servers/http-server.ts';
import { parseGitUrl } from '../../core/git/git-url.ts';
import type { Writing } from '../../core/git-write/writing.ts';
import type { GitRemote } from '../../engine/ports/git.ts';
import type { CommitSignature, RevertOrder, WriteOrder } from '../../engine/ports/git-writer.ts';
import { createGitWriter } from './git-writer.ts';

const { signal } = new AbortController();
const root = makeGitRoot();
const folder = mkdtempSync(join(tmpdir(), 'headgate-git-writer-'));
const writer = createGitWriter({
  privateFolder: join(folder, 'private'),
  environment: { PATH: process.env['PATH'] ?? '' },
});
const authorization = `Basic ${Buffer.from('robot:pass:word').toString('base64')}`;

let server: TestServer;
let repository: TestRepository;
let remote: GitRemote;
let intercept: GitHttpOptions['intercept'];
let count = 0;

beforeAll(async () => {
  server = await startGitHttp({
    root: root.directory,
    authorization,
    intercept: (request, response, url) => intercept?.(request, response, url) ?? false,
  });
});

afterAll(async () => {
  await server.stop();
  root.remove();
  rmSync(folder, { recursive: true, force: true });
});

const marked = 'image: shop/web:1 # {"$imagepolicy": "shop:web"}\n';
const files = {
  'clusters/a/web.yaml': `# keep\r\n${marked}other: 5   \n`,
  'clusters/b/web.yaml': marked,
  'clusters/a/.gitattributes': '* text eol=crlf\n',
  'clusters/a/link.yaml': { linkTo: '../b/web.yaml' },
  'clusters/a/template.yaml': '{{ if }}\n',
};

beforeEach(() => {
  count += 1;
  repository = makeRepository(root.directory, `r${count}.git`);
  repository.commit(files);
  remote = {
    url: parseGitUrl(`${server.origin}/r${count}.git`),
    access: { credentials: { kind: 'Basic', username: 'robot', password: 'pass:word' } },
  };
});

afterEach(() => {
  intercept = undefined;
});

function writing(tag: string): Writing {
  return { markers: new Map([['shop:web', { name: 'shop/web', tag }]]), images: [], charts: [], values: [] };
}

const author = { name: 'Headgate', email: 'headgate@example.org' };

async function order(fields: Partial<WriteOrder> = {}): Promise<WriteOrder> {
  return {
    base: 'main',
    target: 'main',
    message: 'Update web to 2\n\nbecause it is there',
    trailer: { name: 'Headgate-Update', value: 'shop/web-1' },
    author,
    signature: undefined,
    since: await writer.headOf(remote, 'main', signal),
    path: 'clusters/a',
    writing: writing('2'),
    ...fields,
  };
}

function fileAt(path: string, ref = 'main'): string {
  return execFileSync('git', ['cat-file', 'blob', `${ref}:${path}`], { cwd: repository.directory, encoding: 'utf8' });
}

describe('a commit', () => {
  test('changes the one scalar in the one folder and nothing else, with message, author and trailer', async () => {
    const before = repository.git('rev-parse', 'main');

    const answer = await writer.write(remote, await order(), signal);

    expect(answer).toEqual({ kind: 'Pushed', commit: repository.git('rev-parse', 'main') });
    expect(repository.git('diff-tree', '-r', '--name-status', before, 'main')).toBe('M\tclusters/a/web.yaml');
    expect(fileAt('clusters/a/web.yaml')).toBe(files['clusters/a/web.yaml'].replace('shop/web:1', 'shop/web:2'));
    expect(repository.git('show', '--no-patch', '--format=%an <%ae> %cn%n%B', 'main')).toBe(
      'Headgate <headgate@example.org> Headgate\nUpdate web to 2\n\nbecause it is there\n\nHeadgate-Update: shop/web-1',
    );
    expect(repository.git('rev-parse', 'main^')).toBe(before);
  });

  test('that was pushed before the process died is found again, although others have pushed since', async () => {
    const first = await order();
    const pushed = await writer.write(remote, first, signal);
    repository.commit({ 'other.txt': 'x' });
    repository.commit({ 'clusters/a/web.yaml': marked });

    expect(await writer.write(remote, first, signal)).toEqual(pushed);
    expect(repository.git('rev-list', '--count', 'main')).toBe('4');
  });

  test('is made anew on what somebody else has pushed in between', async () => {
    const asked = await order();
    let raced = 0;
    intercept = (request, _, url) => {
      // git-receive-pack is asked first for the refs: whoever pushes now is faster.
      if (request.method === 'POST' && url.pathname.endsWith('git-receive-pack') && raced < 2) {
        raced += 1;
        repository.commit({ [`race-${raced}.txt`]: 'x' });
      }
      return false;
    };

    const answer = await writer.write(remote, asked, signal);

    expect(answer).toEqual({ kind: 'Pushed', commit: repository.git('rev-parse', 'main') });
    expect(repository.git('log', '--format=%s', 'main').split('\n')).toEqual([
      'Update web to 2',
      'commit 3',
      'commit 2',
      'commit 1',
    ]);
    expect(fileAt('race-2.txt')).toBe('x');
  });

  test('of what is there already is none', async () => {
    const before = repository.git('rev-parse', 'main');

    expect(await writer.write(remote, await order({ writing: writing('1') }), signal)).toEqual({ kind: 'Nothing' });
    expect(repository.git('rev-parse', 'main')).toBe(before);
  });

  test('to a branch of our own is pushed anew by force, and the base stays', async () => {
    const before = repository.git('rev-parse', 'main');
    const asked = await order({ target: 'headgate/web-1' });
    await writer.write(remote, asked, signal);
    await writer.write(remote, { ...asked, writing: writing('3') }, signal);

    expect(repository.git('rev-parse', 'main', 'headgate/web-1^').split('\n')).toEqual([before, before]);
    expect(fileAt('clusters/a/web.yaml', 'headgate/web-1')).toContain('shop/web:3');
    await writer.deleteBranch(remote, 'headgate/web-1', signal);
    await writer.deleteBranch(remote, 'headgate/web-1', signal);
    expect(repository.git('branch', '--list')).toBe('* main');
  });

  test('in a repository of sha256', async () => {
    count += 1;
    repository = makeRepository(root.directory, `r${count}.git`, 'sha256');
    repository.commit(files);
    remote = { ...remote, url: parseGitUrl(`${server.origin}/r${count}.git`) };

    expect(await writer.write(remote, await order(), signal)).toEqual({
      kind: 'Pushed',
      commit: repository.git('rev-parse', 'main'),
    });
  });
});

describe('what cannot be written is said, and nothing is pushed', () => {
  test.each([
    {
      name: 'no file has a place',
      fields: { path: 'clusters/b', writing: { ...writing('2'), images: [{ name: 'x', tag: '1' }] } },
      says: 'no file has a place for image x',
    },
    { name: 'no such folder', fields: { path: 'nothing' }, says: 'no file has a place for shop:web' },
    {
      name: 'a value without its file',
      fields: {
        writing: {
          ...writing('2'),
          values: [{ file: 'no.yaml', path: [{ kind: 'Key', key: 'a' } as const], value: '1' }],
        },
      },
      says: 'no file has a place for value no.yaml:a',
    },
  ])('$name', async ({ fields, says }) => {
    await expect(writer.write(remote, await order(fields), signal)).rejects.toMatchObject({
      code: 'FILE_UNUSABLE',
      message: expect.stringContaining(says),
    });
    expect(repository.git('rev-list', '--count', 'main')).toBe('1');
  });

  test('a file with a marker that is no YAML', async () => {
    repository.commit({ 'clusters/a/broken.yaml': `x: {\n${marked}` });

    await expect(writer.write(remote, await order(), signal)).rejects.toThrow(
      /clusters\/a\/broken\.yaml:\d+: .*; nothing was committed/,
    );
  });

  test('a branch that the server protects', async () => {
    const hook = join(repository.directory, 'hooks', 'pre-receive');
    writeFileSync(hook, '#!/bin/sh\necho protected >&2\nexit 1\n', { mode: 0o755 });

    await expect(writer.write(remote, await order(), signal)).rejects.toMatchObject({
      code: 'GIT_DENIED',
      message: expect.stringContaining('pre-receive hook declined'),
    });
  });

  test('a wrong password', async () => {
    const stranger = {
      ...remote,
      access: { credentials: { kind: 'Basic', username: 'robot', password: 'wr0ng' } as const },
    };

    await expect(writer.write(stranger, await order(), signal)).rejects.toMatchObject({
      code: 'GIT_DENIED',
      message: expect.not.stringContaining('wr0ng'),
    });
  });
});

describe('taking back', () => {
  async function revertOrder(commits: readonly string[], since: string): Promise<RevertOrder> {
    const trailer = { name: 'Headgate-Reverts', value: 'shop/web-1' };
    return { ...(await order()), message: 'Revert "Update web to 2"', trailer, commits, since };
  }

  async function push(tag: string, value: string): Promise<string> {
    const answer = await writer.write(
      remote,
      await order({ writing: writing(tag), trailer: { name: 'Headgate-Update', value } }),
      signal,
    );
    return answer.kind === 'Pushed' ? answer.commit : '';
  }

  test('brings every byte back', async () => {
    const commit = await push('2', 'shop/web-1');

    const answer = await writer.revert(remote, await revertOrder([commit], commit), signal);

    expect(answer).toMatchObject({ kind: 'Pushed' });
    expect(repository.git('diff', '--stat', `${commit}^`, 'main')).toBe('');
    expect(repository.git('log', '--format=%s', 'main').split('\n')[0]).toBe('Revert "Update web to 2"');
  });

  test('keeps what others changed in the same file, and is done once', async () => {
    const commit = await push('2', 'shop/web-1');
    const text = fileAt('clusters/a/web.yaml');
    repository.commit({ 'clusters/a/web.yaml': `# on top\n\n\n\n${text}` });
    const asked = await revertOrder([commit], commit);

    const first = await writer.revert(remote, asked, signal);
    const second = await writer.revert(remote, asked, signal);

    expect(second).toEqual(first);
    expect(fileAt('clusters/a/web.yaml')).toBe(`# on top\n\n\n\n${files['clusters/a/web.yaml']}`);
    expect(repository.git('rev-list', '--count', 'main')).toBe('4');
  });

  test('of two that followed each other goes back before both', async () => {
    const first = await push('2', 'shop/web-1');
    const second = await push('3', 'shop/web-2');

    await writer.revert(remote, await revertOrder([second, first], second), signal);

    expect(fileAt('clusters/a/web.yaml')).toBe(files['clusters/a/web.yaml']);
  });

  test('what somebody has set since is a conflict, and nothing is pushed', async () => {
    const commit = await push('2', 'shop/web-1');
    repository.commit({ 'clusters/a/web.yaml': fileAt('clusters/a/web.yaml').replace('web:2', 'web:9') });

    expect(await writer.revert(remote, await revertOrder([commit], commit), signal)).toEqual({
      kind: 'Conflict',
      files: ['clusters/a/web.yaml'],
    });
    expect(fileAt('clusters/a/web.yaml')).toContain('web:9');
  });

  test('what was taken back by hand is nothing', async () => {
    const commit = await push('2', 'shop/web-1');
    repository.commit({ 'clusters/a/web.yaml': files['clusters/a/web.yaml'] });

    expect(await writer.revert(remote, await revertOrder([commit], commit), signal)).toEqual({ kind: 'Nothing' });
  });
});

test('over ssh', async () => {
  const ssh = await startGitSsh();
  try {
    const credentials = { kind: 'SshKey', privateKey: ssh.privateKey, knownHosts: ssh.knownHosts } as const;
    remote = { url: parseGitUrl(`ssh://${ssh.authority}${repository.directory}`), access: { credentials } };

    expect(await writer.write(remote, await order(), signal)).toEqual({
      kind: 'Pushed',
      commit: repository.git('rev-parse', 'main'),
    });
  } finally {
    await ssh.stop();
  }
});

describe('signatures', () => {
  test.each(['', 'a "secret" word'])('ssh, passphrase %j', async (passphrase) => {
    const path = join(folder, `key-${passphrase.length}`);
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-C', 'x', '-f', path]);
    const signature: CommitSignature = {
      format: 'ssh',
      key: readFileSync(path, 'utf8'),
      ...(passphrase !== '' && { passphrase }),
    };

    await writer.write(remote, await order({ signature }), signal);

    const signers = join(folder, `signers-${passphrase.length}`);
    writeFileSync(signers, `${author.email} ${readFileSync(`${path}.pub`, 'utf8')}`);
    expect(repository.git('-c', `gpg.ssh.allowedSignersFile=${signers}`, 'log', '-1', '--format=%G? %GS', 'main')).toBe(
      `G ${author.email}`,
    );
  });

  test('gpg, with a passphrase', async () => {
    const home = mkdtempSync(join(tmpdir(), 'headgate-gpg-'));
    const gpg = (...words: readonly string[]) =>
      execFileSync(
        'gpg',
        ['--homedir', home, '--batch', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', 'pw', ...words],
        { encoding: 'utf8', stdio: 'pipe' },
      );
    try {
      gpg('--quick-generate-key', 'Headgate <headgate@example.org>', 'ed25519', 'sign', 'never');
      const signature: CommitSignature = {
        format: 'gpg',
        key: gpg('--armor', '--export-secret-keys'),
        passphrase: 'pw',
      };

      await writer.write(remote, await order({ signature }), signal);

      const verified = execFileSync('git', ['log', '-1', '--format=%G?', 'main'], {
        cwd: repository.directory,
        env: { ...process.env, GNUPGHOME: home },
        encoding: 'utf8',
      });
      expect(verified.trim()).toMatch(/^[GU]$/);
    } finally {
      execFileSync('gpgconf', ['--homedir', home, '--kill', 'all']);
      rmSync(home, { recursive: true, force: true });
    }
  });

  test('a key that is none is said without its text', async () => {
    const signature: CommitSignature = { format: 'gpg', key: 'no-key-at-all' };

    await expect(writer.write(remote, await order({ signature }), signal)).rejects.toMatchObject({
      code: 'SECRET_INVALID',
      message: expect.not.stringContaining('no-key-at-all'),
    });
  });
});
