/** Fulfils the engine's FileRevisions with a branch: each replacement is one commit, pushed without force. */
import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { invariant, OperationError } from '../../core/errors.ts';
import { isRefName } from '../../core/git/names.ts';
import type { FileRevision, FileRevisions } from '../../engine/ports/file-revisions.ts';
import type { GitRemote } from '../../engine/ports/git.ts';
import { gitError } from './git-failure.ts';
import type { GitProgram, GitRun } from './git-run.ts';
import { commitOfRef, maxRefBytes } from './remote-refs.ts';
import { runGit } from './run-git.ts';

export interface BranchOptions {
  readonly program: GitProgram;
  /** Of our own; made when it is needed, and kept, so that only what is new is fetched. */
  readonly directory: string;
  readonly remote: (signal: AbortSignal) => Promise<GitRemote>;
  readonly branch: string;
  /** Folder in the repository; '' is its root. */
  readonly path: string;
  readonly author: { readonly name: string; readonly email: string };
  readonly message: string;
  /** For messages. */
  readonly place: string;
}

const fetchTimeoutMs = 120_000;
const maxListBytes = 64 * 2 ** 20;

interface Branch extends BranchOptions {
  readonly signal: AbortSignal;
  readonly at: GitRemote;
}

export function createBranchFiles(options: BranchOptions): FileRevisions {
  invariant(isRefName(options.branch), `"${options.branch}" is no branch`);
  let last: FileRevision | undefined;
  const open = async (signal: AbortSignal): Promise<Branch> => ({
    ...options,
    signal,
    at: await options.remote(signal),
  });
  const load = async (signal: AbortSignal): Promise<FileRevision> => {
    const branch = await open(signal);
    const head = await headOf(branch);
    if (last === undefined || last.id !== head) {
      last = await readRevision(branch, head);
    }
    return last;
  };
  return {
    place: options.place,
    load,
    async replace(base, changes, signal) {
      const branch = await open(signal);
      await prepare(branch, base.id);
      const commit = await makeCommit(branch, base.id, changes);
      await push(branch, commit);
    },
  };
}

async function headOf({ program, at, branch, place, signal }: Branch): Promise<string | undefined> {
  await mkdir(program.privateFolder, { recursive: true, mode: 0o700 });
  const ref = `refs/heads/${branch}`;
  const words = ['ls-remote', '--quiet', '--end-of-options', 'source', ref];
  const run = { what: `look at ${place}`, arguments: words, remote: at, maxOutputBytes: maxRefBytes };
  return commitOfRef((await runGit(program, run, signal)).output, ref);
}

async function readRevision(branch: Branch, head: string | undefined): Promise<FileRevision> {
  if (head === undefined) {
    return { id: undefined, paths: new Set(), read: () => Promise.resolve(undefined) };
  }
  await fetch(branch, head);
  const blobs = await listBlobs(branch, head);
  return {
    id: head,
    paths: new Set(blobs.keys()),
    async read(path, maxBytes, signal) {
      const blob = blobs.get(path);
      const run = { arguments: ['cat-file', 'blob', blob ?? ''], maxOutputBytes: maxBytes };
      return blob === undefined ? undefined : (await git({ ...branch, signal }, run)).output;
    },
  };
}

async function git(
  { program, directory, place, signal }: Branch,
  run: Omit<GitRun, 'what' | 'directory'>,
): ReturnType<typeof runGit> {
  return await runGit(program, { what: `use ${place}`, directory, ...run }, signal);
}

async function textOf(branch: Branch, run: Omit<GitRun, 'what' | 'directory'>): Promise<string> {
  return (await git(branch, run)).output.toString('utf8').trimEnd();
}

/** The repository of our own, in the format of the server's. */
async function prepare(branch: Branch, commit: string | undefined): Promise<void> {
  const { directory } = branch;
  const format = commit?.length === 64 ? 'sha256' : 'sha1';
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const known = await git(branch, { arguments: ['rev-parse', '--show-object-format'], answers: [0, 128] });
  if (known.code === 0 && (commit === undefined || known.output.toString('utf8').trim() === format)) {
    return;
  }
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await git(branch, { arguments: ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`] });
}

async function fetch(branch: Branch, head: string): Promise<void> {
  await prepare(branch, head);
  const names = ['--end-of-options', 'source', `+refs/heads/${branch.branch}:refs/channel/head`];
  const words = ['fetch', '--quiet', '--no-tags', '--depth=1', '--update-shallow', ...names];
  await git(branch, { arguments: words, remote: branch.at, timeoutMs: fetchTimeoutMs });
}

/** By their paths below the folder. Links and submodules are no files of ours. */
async function listBlobs(branch: Branch, commit: string): Promise<ReadonlyMap<string, string>> {
  const folder = branch.path === '' ? '' : `${branch.path}/`;
  const below = folder === '' ? [] : ['--', folder];
  const words = ['ls-tree', '-r', '-z', commit, ...below];
  const { output } = await git(branch, { arguments: words, maxOutputBytes: maxListBytes });
  const lines = output.toString('utf8').split('\0');
  return new Map(
    lines.flatMap((line) => {
      const [, blob = '', path = ''] = /^100644 blob ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
      return path.startsWith(folder) && path !== '' ? [[path.slice(folder.length), blob] as const] : [];
    }),
  );
}

async function makeCommit(
  branch: Branch,
  parent: string | undefined,
  changes: ReadonlyMap<string, Uint8Array | undefined>,
): Promise<string> {
  const folder = branch.path === '' ? '' : `${branch.path}/`;
  const lines: string[] = [];
  for (const [path, bytes] of changes) {
    const store = { arguments: ['hash-object', '-w', '--stdin', '--no-filters'], input: bytes ?? '' };
    const entry =
      bytes === undefined ? `0 ${'0'.repeat(parent?.length ?? 40)}` : `100644 ${await textOf(branch, store)}`;
    lines.push(`${entry}\t${folder}${path}\0`);
  }
  const tree = await makeTree(branch, parent, lines.join(''));
  const { name, email } = branch.author;
  const environment = {
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  };
  const parents = parent === undefined ? [] : ['-p', parent];
  const words = ['commit-tree', tree, ...parents, '-F', '-'];
  return await textOf(branch, { arguments: words, input: `${branch.message}\n`, environment });
}

/** By an index of its own: two that write at once must not make one tree of both, or of none. @param changes as update-index reads them */
async function makeTree(branch: Branch, parent: string | undefined, changes: string): Promise<string> {
  const index = join(branch.directory, `index-${randomUUID()}`);
  const environment = { GIT_INDEX_FILE: index };
  try {
    await git(branch, { arguments: ['read-tree', parent ?? '--empty'], environment });
    await git(branch, { arguments: ['update-index', '-z', '--index-info'], input: changes, environment });
    return await textOf(branch, { arguments: ['write-tree'], environment });
  } finally {
    await rm(index, { force: true });
  }
}

async function push(branch: Branch, commit: string): Promise<void> {
  const { at, branch: name, place } = branch;
  const { code, output } = await git(branch, {
    arguments: ['push', '--porcelain', '--end-of-options', 'source', `${commit}:refs/heads/${name}`],
    remote: at,
    answers: [0, 1],
    timeoutMs: fetchTimeoutMs,
  });
  const refused = output
    .toString('utf8')
    .split('\n')
    .find((line) => line.startsWith('!'));
  if (code === 0 && refused === undefined) {
    return;
  }
  const reason = refused?.split('\t').at(-1) ?? 'the push was refused';
  if (/^\[rejected\]|fetch first|non-fast-forward|cannot lock ref|failed to update ref/.test(reason)) {
    throw new OperationError(`write ${place}: somebody else wrote it meanwhile`, {
      code: 'CHANNEL_CONFLICT',
      retry: 'backoff',
    });
  }
  throw gitError({ what: `write ${place}`, remote: at }, 'GIT_DENIED', reason);
}
