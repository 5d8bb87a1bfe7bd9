/** Signatures of real commits and tags, by keys of the real ssh-keygen and gpg, as the real git checks them. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startGitHttp } from '../../../test/servers/git-http.ts';
import { makeGitRoot, makeRepository, type TestRepository } from '../../../test/servers/git-repository.ts';
import type { TestServer } from '../../../test/servers/http-server.ts';
import { type GitSigner, openGpgSigner, openSshSigner } from '../../../test/signatures/git-signers.ts';
import { parseGitUrl } from '../../core/git/git-url.ts';
import type { GitRemote, GitSubject } from '../../engine/ports/git.ts';
import type { SignatureVerdict } from '../../engine/ports/signatures.ts';
import { createGitRepositories, type ForgetfulGit } from './git-repositories.ts';

const never = new AbortController().signal;

let root: ReturnType<typeof makeGitRoot>;
let server: TestServer;
let folder: string;
let git: ForgetfulGit;
let signers: Readonly<Record<'ssh' | 'gpg', GitSigner>>;
let strangers: Readonly<Record<'ssh' | 'gpg', GitSigner>>;

beforeAll(async () => {
  root = makeGitRoot();
  server = await startGitHttp({ root: root.directory });
  folder = mkdtempSync(join(tmpdir(), 'headgate-verify-'));
  git = createGitRepositories({
    program: { privateFolder: folder, environment: { PATH: process.env['PATH'] ?? '' } },
    cacheFolder: join(folder, 'cache'),
    filesBelow: undefined,
    clock: { now: () => new Date() },
    signal: never,
  });
  signers = { ssh: openSshSigner(), gpg: openGpgSigner() };
  strangers = { ssh: openSshSigner(), gpg: openGpgSigner() };
});

afterAll(async () => {
  for (const signer of [...Object.values(signers), ...Object.values(strangers)]) {
    signer.close();
  }
  await server.stop();
  root.remove();
  // Keys are there only while they are used.
  expect(readdirSync(folder).filter((name) => !name.startsWith('cache'))).toEqual([]);
  rmSync(folder, { recursive: true });
});

describe.each(['ssh', 'gpg'] as const)('%s', (format) => {
  test('a commit and a tag by a key that is trusted are verified', async () => {
    const repository = makeSigned(`good-${format}`);
    const commit = signers[format].commit(repository);
    signers[format].tag(repository, 'v1.0.0');

    expect(await verify(repository, { kind: 'Commit', commit }, [signers[format]])).toEqual({
      kind: 'Verified',
      by: [expect.stringMatching(format === 'ssh' ? /^ada\.pub \(SHA256:/ : /^[0-9A-F]{40}$/)],
    });
    const tag = await tagOf(repository, 'v1.0.0');
    expect(await verify(repository, tag, [strangers[format], signers[format]])).toMatchObject({ kind: 'Verified' });
  });

  test('neither is by the key of somebody else', async () => {
    const repository = makeSigned(`other-${format}`);
    const commit = strangers[format].commit(repository);
    strangers[format].tag(repository, 'v1.0.0');
    const reason = 'it was made with none of the keys';

    expect(await verify(repository, { kind: 'Commit', commit }, [signers[format]])).toEqual({
      kind: 'Unverified',
      reason,
    });
    const tag = await tagOf(repository, 'v1.0.0');
    expect(await verify(repository, tag, [signers[format]])).toEqual({ kind: 'Unverified', reason });
  });

  test('nor with keys of the other kind only', async () => {
    const repository = makeSigned(`kind-${format}`);
    const commit = signers[format].commit(repository);
    const other = format === 'ssh' ? signers.gpg : signers.ssh;

    expect(await verify(repository, { kind: 'Commit', commit }, [other])).toMatchObject({
      kind: 'Unverified',
      reason: expect.stringContaining('and there is no such key'),
    });
  });

  test('a signature that was put on other content is none', async () => {
    const repository = makeSigned(`moved-${format}`);
    const commit = signers[format].commit(repository);
    const text = repository.git('cat-file', 'commit', commit);
    const forged = repository.write('commit', `${text.replace('signed', 'forged')}\n`);
    repository.git('update-ref', 'refs/heads/main', forged);

    expect(await verify(repository, { kind: 'Commit', commit: forged }, [signers[format]])).toMatchObject({
      kind: 'Unverified',
      reason: 'its signature is not of what it stands on',
    });
  });

  test('a signed tag under another name is refused, and one that is asked for with another commit', async () => {
    const repository = makeSigned(`renamed-${format}`);
    const first = repository.git('rev-parse', 'main');
    signers[format].tag(repository, 'v1.0.0');
    repository.git('update-ref', 'refs/tags/v9.0.0', 'refs/tags/v1.0.0');
    const commit = repository.commit({ a: '2' });
    const tag = await tagOf(repository, 'v9.0.0');

    expect(tag.commit).toBe(first);
    expect(await verify(repository, tag, [signers[format]])).toMatchObject({
      reason: 'the tag object was made for another name',
    });
    const moved = { ...(await tagOf(repository, 'v1.0.0')), commit };
    expect(await verify(repository, moved, [signers[format]])).toMatchObject({
      reason: 'the tag object names another commit',
    });
  });
});

test('what is not signed says so', async () => {
  const repository = makeSigned('plain');
  repository.tag('v1.0.0', { annotated: true });
  const commit = repository.git('rev-parse', 'main');
  const keys = [signers.ssh, signers.gpg];

  expect(await verify(repository, { kind: 'Commit', commit }, keys)).toEqual({
    kind: 'Unverified',
    reason: 'it is not signed',
  });
  expect(await verify(repository, await tagOf(repository, 'v1.0.0'), keys)).toEqual({
    kind: 'Unverified',
    reason: 'it is not signed',
  });
});

test('a file allowed_signers is taken as it is, with its limits', async () => {
  const repository = makeSigned('allowed');
  const commit = signers.ssh.commit(repository);
  const key = signers.ssh.publicKey.content.toString('utf8').split(' ').slice(0, 2).join(' ');
  const withLimit = (limit: string) => [{ name: 'allowed_signers', content: Buffer.from(`ada@x ${limit} ${key}\n`) }];
  const subject = { kind: 'Commit', commit } as const;

  expect(await git.verify(remoteOf(repository), subject, withLimit('namespaces="git"'), never)).toMatchObject({
    kind: 'Verified',
    by: [expect.stringMatching(/^ada@x /)],
  });
  expect(await git.verify(remoteOf(repository), subject, withLimit('namespaces="file"'), never)).toMatchObject({
    kind: 'Unverified',
  });
});

test.each(['ada.asc', 'ada.pub'])('a Secret whose %s is no key is refused by name, without its text', async (name) => {
  const repository = makeSigned(`none-${name.slice(-3)}`);
  const commit = signers.ssh.commit(repository);
  const keys = [{ name, content: Buffer.from('secret-text') }];

  await expect(git.verify(remoteOf(repository), { kind: 'Commit', commit }, keys, never)).rejects.toMatchObject({
    code: 'SECRET_INVALID',
    message: expect.stringMatching(new RegExp(`^(?!.*secret-text).*"${name}" is no`)),
  });
});

test('a verdict is kept, and nobody is asked again', async () => {
  const repository = makeSigned('kept');
  const commit = signers.ssh.commit(repository);
  await verify(repository, { kind: 'Commit', commit }, [signers.ssh]);
  const before = server.requests.length;

  expect(await verify(repository, { kind: 'Commit', commit }, [signers.ssh])).toMatchObject({ kind: 'Verified' });
  expect(server.requests.slice(before)).toEqual([]);
});

test('the time of a commit is that of its committer', async () => {
  const repository = makeSigned('time');
  const commit = repository.git('rev-parse', 'main');

  expect(await git.findCommitTime(remoteOf(repository), commit, never)).toEqual(new Date('2026-05-04T12:00:01Z'));
});

function makeSigned(name: string): TestRepository {
  const repository = makeRepository(root.directory, name);
  repository.commit({ a: '1' });
  return repository;
}

function remoteOf({ directory }: TestRepository): GitRemote {
  return { url: parseGitUrl(`${server.origin}/${directory.split('/').at(-1)}`), access: {} };
}

async function verify(
  repository: TestRepository,
  subject: GitSubject,
  trusted: readonly GitSigner[],
): Promise<SignatureVerdict> {
  const keys = trusted.map(({ publicKey }, at) => ({
    ...publicKey,
    name: at === 0 ? publicKey.name : `${at}-${publicKey.name}`,
  }));
  return await git.verify(remoteOf(repository), subject, keys, never);
}

async function tagOf(repository: TestRepository, name: string): Promise<GitSubject & { readonly kind: 'Tag' }> {
  const remote = remoteOf(repository);
  git.forget(remote.url.text);
  const tag = (await git.listTags(remote, never)).find((one) => one.name === name);
  return { kind: 'Tag', name, object: tag?.object ?? '', commit: tag?.commit ?? '' };
}
