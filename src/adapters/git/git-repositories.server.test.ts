import { readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createAuthority } from '../../../test/cluster/certificates.ts';
import { startGitHttp } from '../../../test/servers/git-http.ts';
import { makeGitRoot, makeRepository, type TestRepository } from '../../../test/servers/git-repository.ts';
import { type GitSshServer, startGitSsh } from '../../../test/servers/git-ssh.ts';
import type { TestServer } from '../../../test/servers/http-server.ts';
import { parseGitUrl } from '../../core/git/git-url.ts';
import type { GitAccess, GitRemote } from '../../engine/ports/git.ts';
import type { SourceTree } from '../../engine/ports/source-tree.ts';
import { createGitRepositories, type ForgetfulGit, type GitRepositoriesOptions } from './git-repositories.ts';
import type { GitProgram } from './git-run.ts';

const never = new AbortController().signal;
const basic: GitAccess = { credentials: { kind: 'Basic', username: 'ci', password: 'pa:ss "word"' } };
const basicHeader = `Basic ${Buffer.from('ci:pa:ss "word"').toString('base64')}`;

let root: ReturnType<typeof makeGitRoot>;
let folder: string;
let program: GitProgram;
let repositories: ForgetfulGit;

beforeAll(() => {
  root = makeGitRoot();
});

afterAll(() => root.remove());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-git-'));
  program = { privateFolder: folder, environment: { PATH: process.env['PATH'] ?? '' } };
  repositories = open();
});

afterEach(async () => {
  // Keys and certificates are there only while git runs.
  expect(readdirSync(folder).filter((name) => name.startsWith('run-'))).toEqual([]);
  await rm(folder, { recursive: true });
});

describe('over http', () => {
  let server: TestServer;
  let closed: TestServer;

  beforeAll(async () => {
    server = await startGitHttp({ root: root.directory });
    closed = await startGitHttp({ root: root.directory, authorization: basicHeader });
  });

  afterAll(async () => {
    await server.stop();
    await closed.stop();
  });

  test('a branch is found by one exchange that brings no commit', async () => {
    const repository = makeRepository(root.directory, 'poll');
    const head = repository.commit({ 'a.yaml': 'a: 1\n' });
    const before = server.requests.length;

    expect(await repositories.findBranch(remote(server, 'poll'), 'main', never)).toBe(head);
    expect(server.requests.slice(before).map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /poll/info/refs?service=git-upload-pack',
      'POST /poll/git-upload-pack',
    ]);
    expect(await repositories.findBranch(remote(server, 'poll'), 'mai', never)).toBeUndefined();
  });

  test('tags come with the commit behind them, through tag objects', async () => {
    const repository = makeRepository(root.directory, 'tags');
    const first = repository.commit({ a: '1' });
    repository.tag('v1.0.0', { annotated: true });
    const second = repository.commit({ a: '2' });
    repository.tag('release/v1.1.0');

    const tags = await repositories.listTags(remote(server, 'tags'), never);

    expect(tags.toSorted((left, right) => (left.name < right.name ? 1 : -1))).toEqual([
      { name: 'v1.0.0', commit: first, object: repository.git('rev-parse', 'v1.0.0') },
      { name: 'release/v1.1.0', commit: second },
    ]);
  });

  test.each(['sha1', 'sha256'] as const)('files of one folder at a commit are read (%s)', async (format) => {
    const repository = makeRepository(root.directory, `tree-${format}`, format);
    const old = repository.commit({ 'deploy/a.yaml': 'v: 1\n', 'deploy/sub/b.yaml': 'b\n', 'deployment.yaml': 'no\n' });
    const commit = repository.commit({ 'deploy/a.yaml': 'v: 2\n', 'deploy/same.yaml': 'b\n' });
    const from = remote(server, `tree-${format}`);

    expect(shown(await repositories.readTree(from, { commit, path: 'deploy' }, never))).toEqual([
      ['deploy/a.yaml', 'v: 2\n'],
      ['deploy/same.yaml', 'b\n'],
      ['deploy/sub/b.yaml', 'b\n'],
    ]);
    expect(shown(await repositories.readTree(from, { commit: old, path: 'deploy/a.yaml' }, never))).toEqual([
      ['deploy/a.yaml', 'v: 1\n'],
    ]);
    expect(shown(await repositories.readTree(from, { commit: old, path: '' }, never))).toHaveLength(3);
  });

  test('only the folder that is asked for is fetched, and once', async () => {
    const repository = makeRepository(root.directory, 'sparse');
    const noise = Array.from({ length: 40_000 }, (_, at) => (at * 7_919).toString(36)).join('\n');
    const commit = repository.commit({ 'deploy/a.yaml': 'a\n', 'large.txt': noise });
    const from = remote(server, 'sparse');

    await repositories.readTree(from, { commit, path: 'deploy' }, never);
    const before = server.requests.length;
    await repositories.readTree(from, { commit, path: 'deploy' }, never);

    expect(server.requests.length).toBe(before);
    expect(packedBytes()).toBeLessThan(noise.length / 100);
  });

  test('links, submodules and pointers of LFS are told, not followed', async () => {
    const repository = makeRepository(root.directory, 'odd');
    const commit = repository.commit({
      'a.yaml': 'a\n',
      sub: { submodule: '1'.repeat(40) },
      'link.yaml': { linkTo: '../../etc/passwd' },
      'large.bin': `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 5\n`,
    });

    const tree = await repositories.readTree(remote(server, 'odd'), { commit, path: '' }, never);

    expect(shown(tree)).toEqual([['a.yaml', 'a\n']]);
    expect(tree.leftOut).toEqual([
      { path: 'large.bin', reason: 'LfsPointer' },
      { path: 'link.yaml', reason: 'SymbolicLink' },
      { path: 'sub', reason: 'Submodule' },
    ]);
  });

  test.each([
    { name: 'a path that is not there', path: 'missing', code: 'GIT_NOT_FOUND', message: 'nothing at "missing"' },
    { name: 'too many files', path: '', code: 'GIT_UNUSABLE', message: 'more than 3 files' },
    {
      name: 'too many bytes',
      path: 'large',
      code: 'GIT_UNUSABLE',
      message: '2000 bytes, 1000 at most; the largest is "large/d"',
    },
  ])('$name: $code', async ({ path, code, message }) => {
    const repository = makeRepository(root.directory, `bounds-${path}`);
    const commit = repository.commit({ a: '1', b: '2', c: '3', 'large/d': 'x'.repeat(2_000) });
    const bounded = open({ bounds: { maxFiles: 3, maxBytes: 1_000 } });

    await expect(bounded.readTree(remote(server, `bounds-${path}`), { commit, path }, never)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  test('a tree whose path leads out of it is refused', async () => {
    const repository = makeRepository(root.directory, 'evil');
    repository.commit({ a: 'x' });
    const commit = withEvilTree(repository);

    await expect(repositories.readTree(remote(server, 'evil'), { commit, path: '' }, never)).rejects.toMatchObject({
      code: 'GIT_UNUSABLE',
      message: expect.stringContaining('leads out of the tree'),
    });
  });

  test('a pack larger than the bound is refused', async () => {
    const repository = makeRepository(root.directory, 'heavy');
    const content = Array.from({ length: 60_000 }, (_, at) => ((at * 2_654_435_761) % 2 ** 32).toString(36)).join('');
    const commit = repository.commit({ 'heavy.txt': content });
    const bounded = open({ program: { ...program, maxFileBytes: 65_536 } });

    await expect(bounded.readTree(remote(server, 'heavy'), { commit, path: '' }, never)).rejects.toMatchObject({
      code: 'GIT_UNUSABLE',
    });
  });

  test('the last change below a path is found, also far back, and after a forced push', async () => {
    const repository = makeRepository(root.directory, 'changes');
    const first = repository.commit({ 'deploy/a': '1', 'docs/a': '1' });
    const head = repository.commitAll(Array.from({ length: 70 }, (_, at) => ({ 'docs/a': String(at + 2) })));
    const from = remote(server, 'changes');
    const lastChange = (commit: string) => repositories.findLastChange(from, { commit, paths: ['deploy'] }, never);

    expect(await lastChange(head)).toBe(first);
    const before = server.requests.length;
    expect(await lastChange(head)).toBe(first);
    expect(server.requests.length).toBe(before);
    expect(await lastChange(repository.commit({ 'docs/a': 'again' }))).toBe(first);
    const second = repository.commit({ 'deploy/b': '1' });
    expect(await lastChange(repository.commit({ 'docs/a': 'and again' }))).toBe(second);
    const other = repository.commit({ 'deploy/a': 'other' }, { orphan: true });
    expect(await lastChange(repository.commit({ 'docs/a': 'other' }))).toBe(other);
    await expect(repositories.findLastChange(from, { commit: other, paths: ['nowhere'] }, never)).rejects.toMatchObject(
      { code: 'GIT_NOT_FOUND' },
    );
  });

  test('user and password open what they open, and are told nobody else', async () => {
    const head = makeRepository(root.directory, 'private').commit({ a: '1' });

    expect(await repositories.findBranch(remote(closed, 'private', basic), 'main', never)).toBe(head);
    expect(closed.requests.map(({ authorization }) => authorization)).toEqual([basicHeader, basicHeader]);
    await expect(repositories.findBranch(remote(closed, 'private'), 'main', never)).rejects.toMatchObject({
      code: 'GIT_DENIED',
    });
    const wrong: GitAccess = { credentials: { kind: 'Bearer', token: 'secret-token' } };
    const failure = repositories.findBranch(remote(closed, 'private', wrong), 'main', never);
    await expect(failure).rejects.toMatchObject({ code: 'GIT_DENIED', message: expect.not.stringContaining('secret') });
  });

  test('a redirect is not followed, with or without credentials', async () => {
    const thief = await startGitHttp({ root: root.directory });
    const bait = await startGitHttp({
      root: root.directory,
      intercept: (_request, response, url) => {
        response.writeHead(302, { location: `${thief.origin}${url.pathname}${url.search}` }).end();
        return true;
      },
    });
    onTestFinished(() => Promise.all([thief.stop(), bait.stop()]).then(() => undefined));
    makeRepository(root.directory, 'moved').commit({ a: '1' });

    for (const one of [remote(bait, 'moved', basic), remote(bait, 'moved')]) {
      await expect(repositories.findBranch(one, 'main', never)).rejects.toMatchObject({
        code: 'GIT_UNUSABLE',
        message: expect.stringContaining('the server redirects'),
      });
    }
    expect(thief.requests).toEqual([]);
  });

  test('a certificate is trusted when its authority is given', async () => {
    const authority = createAuthority('git');
    const { certificate, key } = authority.issue({ commonName: 'git', hosts: ['127.0.0.1'] });
    const tls = await startGitHttp({ root: root.directory, tls: { certificate, key } });
    onTestFinished(() => tls.stop());
    const head = makeRepository(root.directory, 'tls').commit({ a: '1' });

    expect(await repositories.findBranch(remote(tls, 'tls', { caBundle: authority.certificate }), 'main', never)).toBe(
      head,
    );
    await expect(repositories.findBranch(remote(tls, 'tls'), 'main', never)).rejects.toMatchObject({
      code: 'GIT_UNREACHABLE',
      message: expect.stringMatching(/certificate/i),
    });
  });

  test.each([
    { name: 'a repository that is not there', path: 'nothing-here', code: 'GIT_NOT_FOUND' },
    { name: 'a server that speaks something else', path: 'garbage', code: 'GIT_UNUSABLE' },
    { name: 'a server that fails', path: 'broken', code: 'GIT_UNREACHABLE' },
    { name: 'a server that is busy', path: 'busy', code: 'GIT_UNREACHABLE' },
  ])('$name: $code', async ({ path, code }) => {
    const odd = await startGitHttp({
      root: root.directory,
      intercept: (_request, response, url) => {
        const statuses: Readonly<Record<string, number>> = { '/garbage': 200, '/broken': 500, '/busy': 429 };
        const status = statuses[url.pathname.replace('/info/refs', '')];
        if (status !== undefined) {
          const type = status === 200 ? 'application/x-git-upload-pack-advertisement' : 'text/html';
          response.writeHead(status, { 'content-type': type }).end('<html>hello</html>');
        }
        return status !== undefined;
      },
    });
    onTestFinished(() => odd.stop());

    await expect(repositories.findBranch(remote(odd, path), 'main', never)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(`find branch main of ${odd.origin}/${path}: `),
    });
  });

  test('a commit that the server forgot is not found', async () => {
    makeRepository(root.directory, 'forgotten').commit({ a: '1' });

    await expect(
      repositories.readTree(remote(server, 'forgotten'), { commit: '1'.repeat(40), path: '' }, never),
    ).rejects.toMatchObject({ code: 'GIT_NOT_FOUND' });
  });
});

describe('a server that', () => {
  test.each([
    { name: 'takes the connection and says nothing', drip: undefined },
    { name: 'sends a byte now and then', drip: 'x' },
  ])('$name is left after the time given, with every process', async ({ drip }) => {
    const slow = await startSlowServer(drip);
    const impatient = open({ askTimeoutMs: 700 });
    const url = { url: parseGitUrl(`http://127.0.0.1:${slow.port}/repo`), access: {} };

    await expect(impatient.findBranch(url, 'main', never)).rejects.toMatchObject({
      code: 'GIT_UNREACHABLE',
      message: expect.stringContaining('no whole answer within 0.7 s'),
    });
    await slow.closedByPeer;
  });

  test('refuses the connection is not reachable', async () => {
    const slow = await startSlowServer(undefined);
    await slow.stop();
    const url = { url: parseGitUrl(`http://127.0.0.1:${slow.port}/repo`), access: {} };

    await expect(repositories.findBranch(url, 'main', never)).rejects.toMatchObject({ code: 'GIT_UNREACHABLE' });
  });

  test('is given up by one who waits is asked on for the others, until all of it is ended', async () => {
    const slow = await startSlowServer(undefined);
    const url = { url: parseGitUrl(`http://127.0.0.1:${slow.port}/repo`), access: {} };
    const giveUp = new AbortController();
    const end = new AbortController();
    const opened = open({ signal: end.signal });
    const asked = opened.findBranch(url, 'main', giveUp.signal);
    const other = opened.findBranch(url, 'main', never);
    await slow.connected;
    giveUp.abort(new Error('enough'));

    await expect(asked).rejects.toThrow('enough');
    end.abort(new Error('the end'));
    await expect(other).rejects.toThrow('the end');
    await slow.closedByPeer;
  });
});

describe('over ssh', () => {
  let server: GitSshServer;

  beforeAll(async () => {
    server = await startGitSsh();
  });

  afterAll(() => server.stop());

  test('a deploy key opens a server that is known', async () => {
    const repository = makeRepository(root.directory, 'over-ssh');
    const commit = repository.commit({ 'deploy/a.yaml': 'a\n' });
    const from = sshRemote('over-ssh', { privateKey: server.privateKey, knownHosts: server.knownHosts });

    expect(await repositories.findBranch(from, 'main', never)).toBe(commit);
    expect(shown(await repositories.readTree(from, { commit, path: 'deploy' }, never))).toEqual([
      ['deploy/a.yaml', 'a\n'],
    ]);
  });

  test('a key with a passphrase is opened by it', async () => {
    const head = makeRepository(root.directory, 'closed-key').commit({ a: '1' });
    const key = { privateKey: server.closedPrivateKey, knownHosts: server.knownHosts };
    const { passphrase } = server;

    expect(await repositories.findBranch(sshRemote('closed-key', { ...key, passphrase }), 'main', never)).toBe(head);
    await expect(
      repositories.findBranch(sshRemote('closed-key', { ...key, passphrase: 'wrong' }), 'main', never),
    ).rejects.toMatchObject({ code: 'GIT_DENIED' });
  });

  test.each([
    { name: 'an unknown host', keys: () => ({ privateKey: server.privateKey, knownHosts: 'other ssh-ed25519 AAAA' }) },
    { name: 'another key', keys: () => ({ privateKey: server.strangerKey, knownHosts: server.knownHosts }) },
    { name: 'what is no key', keys: () => ({ privateKey: 'hello', knownHosts: server.knownHosts }) },
  ])('$name is refused', async ({ keys }) => {
    makeRepository(root.directory, 'refused').commit({ a: '1' });

    await expect(repositories.findBranch(sshRemote('refused', keys()), 'main', never)).rejects.toMatchObject({
      code: 'GIT_DENIED',
    });
  });

  test('without a Secret nothing is tried', async () => {
    const url = parseGitUrl(`ssh://${server.authority}/x`);

    await expect(repositories.findBranch({ url, access: {} }, 'main', never)).rejects.toMatchObject({
      code: 'GIT_DENIED',
      message: expect.stringContaining('identity and known_hosts'),
    });
  });

  function sshRemote(name: string, keys: { privateKey: string; knownHosts: string; passphrase?: string }): GitRemote {
    const url = parseGitUrl(`ssh://${server.authority}${join(root.directory, name)}`);
    return { url, access: { credentials: { kind: 'SshKey', ...keys } } };
  }
});

describe('files of this machine', () => {
  test('are read where it is allowed', async () => {
    const repository = makeRepository(root.directory, 'local');
    const commit = repository.commit({ a: '1' });
    const from: GitRemote = { url: parseGitUrl(`file://${repository.directory}`), access: {} };

    expect(await open({ filesBelow: root.directory }).findBranch(from, 'main', never)).toBe(commit);
    await expect(open({ filesBelow: folder }).findBranch(from, 'main', never)).rejects.toMatchObject({
      code: 'GIT_DENIED',
    });
  });
});

function open(options: Partial<GitRepositoriesOptions> = {}): ForgetfulGit {
  const clock = { now: () => new Date() };
  return createGitRepositories({
    program,
    cacheFolder: join(folder, 'cache'),
    filesBelow: undefined,
    clock,
    signal: never,
    ...options,
  });
}

function remote(server: TestServer, name: string, access: GitAccess = {}): GitRemote {
  return { url: parseGitUrl(`${server.origin}/${name}`), access };
}

function shown(tree: SourceTree): readonly (readonly [string, string])[] {
  return tree.files.map(({ path, content }) => [path, content.toString()]);
}

/** Of all that was fetched. */
function packedBytes(): number {
  const cache = join(folder, 'cache');
  const packs = readdirSync(cache).flatMap((name) => {
    const packFolder = join(cache, name, 'objects', 'pack');
    return readdirSync(packFolder).map((pack) => join(packFolder, pack));
  });
  return packs.filter((path) => path.endsWith('.pack')).reduce((sum, path) => sum + statSync(path).size, 0);
}

/** git's own commands make no such tree, so it is written object by object. */
function withEvilTree(repository: TestRepository): string {
  const blob = repository.git('rev-parse', 'main:a');
  const inner = repository.makeTree(`100644 blob ${blob}\tx\n`);
  const tree = repository.makeTree(`040000 tree ${inner}\t..\n`);
  const commit = repository.git('commit-tree', '-m', 'by hand', tree);
  repository.git('update-ref', 'refs/heads/by-hand', commit);
  return commit;
}

/** Takes connections; what it then sends never ends. */
async function startSlowServer(drip: string | undefined) {
  const connected = Promise.withResolvers<void>();
  const closedByPeer = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    connected.resolve();
    const timer = setInterval(() => drip !== undefined && socket.write(drip), 50);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(timer);
      closedByPeer.resolve();
    });
    if (drip !== undefined) {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\n\r\n');
    }
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const stop = () => new Promise<void>((resolve) => server.close(() => resolve()));
  onTestFinished(async () => {
    await (server.listening ? stop() : undefined);
  });
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connected: connected.promise,
    closedByPeer: closedByPeer.promise,
    stop,
  };
}
