/** Fulfils the engine's GitWriter over the git program, on objects alone: fetch, make a commit, push. */
import { invariant } from '../../core/errors.ts';
import { isRefName } from '../../core/git/names.ts';
import type { GitRemote } from '../../engine/ports/git.ts';
import type { CommitAnswer, CommitOrder, GitWriter, RevertOrder, WriteOrder } from '../../engine/ports/git-writer.ts';
import { withSigning } from './commit-signing.ts';
import { gitError } from './git-failure.ts';
import type { GitProgram } from './git-run.ts';
import { commitOfRef, maxRefBytes } from './remote-refs.ts';
import { type RevertedFile, revertTree } from './revert-tree.ts';
import { runGit } from './run-git.ts';
import {
  fetchCommit,
  fetchHead,
  findTrailer,
  makePrivateFolder,
  type ScratchRepository,
  withScratchRepository,
} from './scratch-repository.ts';
import { storeBlob, treeWith, writeTree } from './tree-files.ts';

/** Others push too; each attempt begins anew on what they left. */
const mostAttempts = 5;

export function createGitWriter(program: GitProgram): GitWriter {
  return {
    async headOf(remote, branch, signal) {
      const head = await headOf(program, remote, branch, signal);
      if (head === undefined) {
        throw gitError(
          { what: `find branch ${branch} of ${remote.url.text}`, remote },
          'GIT_NOT_FOUND',
          'there is none',
        );
      }
      return head;
    },
    write: (remote, order, signal) =>
      carryOut(
        { program, remote, order, signal },
        async (repository, head) => await treeOfVersions(repository, head, order),
      ),
    revert: (remote, order, signal) =>
      carryOut(
        { program, remote, order, signal },
        async (repository, head) => await treeWithout(repository, head, order),
      ),
    find: (remote, place, signal) => findCommit(program, remote, place, signal),
    async deleteBranch(remote, branch, signal) {
      const head = await headOf(program, remote, branch, signal);
      if (head !== undefined) {
        const what = `delete branch ${branch} of ${remote.url.text}`;
        const words = ['push', '--quiet', '--end-of-options', 'source', `:refs/heads/${branch}`];
        const objectFormat = formatOf(head);
        await withScratchRepository(
          { program, what, remote, objectFormat },
          ({ run }) => run({ arguments: words, remote }),
          signal,
        );
      }
    },
  };
}

function formatOf(commit: string): 'sha1' | 'sha256' {
  return commit.length === 40 ? 'sha1' : 'sha256';
}

async function headOf(program: GitProgram, remote: GitRemote, branch: string, signal: AbortSignal) {
  invariant(isRefName(branch), `"${branch}" is no branch`);
  await makePrivateFolder(program);
  const ref = `refs/heads/${branch}`;
  const run = {
    what: `find branch ${branch} of ${remote.url.text}`,
    arguments: ['ls-remote', '--quiet', '--end-of-options', 'source', ref],
    remote,
    maxOutputBytes: maxRefBytes,
  };
  return commitOfRef((await runGit(program, run, signal)).output, ref);
}

interface Job {
  readonly program: GitProgram;
  readonly remote: GitRemote;
  readonly order: CommitOrder;
  readonly signal: AbortSignal;
}

/** What the commit shall hold; a string is the tree. */
type Outcome = string | Exclude<CommitAnswer, { kind: 'Pushed' }>;

type MakeTree = (repository: ScratchRepository, head: string) => Promise<Outcome>;

async function carryOut(job: Job, makeTree: MakeTree): Promise<CommitAnswer> {
  const { program, remote, order, signal } = job;
  invariant(isRefName(order.base) && isRefName(order.target), 'an order names branches');
  const what = `commit to ${order.target} of ${remote.url.text}`;
  const objectFormat = formatOf(order.since);
  for (let attempt = 1; ; attempt += 1) {
    const answer = await withScratchRepository(
      { program, what, remote, objectFormat },
      (repository) => attemptOrder(job, repository, makeTree),
      signal,
    );
    if (answer !== 'Beaten') {
      return answer;
    }
    if (attempt === mostAttempts) {
      throw gitError({ what, remote }, 'GIT_UNREACHABLE', `somebody else was faster ${mostAttempts} times`);
    }
  }
}

async function attemptOrder(
  job: Job,
  repository: ScratchRepository,
  makeTree: MakeTree,
): Promise<CommitAnswer | 'Beaten'> {
  const { order } = job;
  const head = await fetchHead(repository, order.base);
  const earlier = await findEarlier(job, head);
  if (earlier !== undefined) {
    return { kind: 'Pushed', commit: earlier };
  }
  const tree = await makeTree(repository, head);
  if (typeof tree !== 'string') {
    return tree;
  }
  const commit = await makeCommit(job, repository, { tree, parent: head });
  return (await push(repository, order, commit)) ? { kind: 'Pushed', commit } : 'Beaten';
}

/**
 * Nothing of ours can be there while the branch stands where it stood before. History without files gets a repository of its own:
 * git takes for granted that it has the files of commits that it has.
 */
async function findEarlier({ program, remote, order, signal }: Job, head: string): Promise<string | undefined> {
  const { base, target, since, trailer } = order;
  return target !== base || head === since
    ? undefined
    : await findCommit(program, remote, { branch: base, since, trailer }, signal);
}

async function findCommit(
  program: GitProgram,
  remote: GitRemote,
  place: Parameters<GitWriter['find']>[1],
  signal: AbortSignal,
): Promise<string | undefined> {
  const what = `look for the commit of ${place.trailer.value} on ${place.branch} of ${remote.url.text}`;
  const scratch = { program, what, remote, objectFormat: formatOf(place.since) };
  return await withScratchRepository(scratch, (repository) => findTrailer(repository, place), signal);
}

async function treeOfVersions(
  repository: ScratchRepository,
  head: string,
  { path, writing }: WriteOrder,
): Promise<Outcome> {
  const changed = await writeTree(repository, { commit: head, path, writing });
  if (changed.length === 0) {
    return { kind: 'Nothing' };
  }
  const files: RevertedFile[] = [];
  for (const { file, text } of changed) {
    files.push({ path: file.path, mode: file.mode, blob: await storeBlob(repository, text) });
  }
  return await treeWith(repository, head, files);
}

async function treeWithout(repository: ScratchRepository, head: string, { commits }: RevertOrder): Promise<Outcome> {
  let tree = head;
  for (const commit of commits) {
    await fetchCommit(repository, commit);
    const reverted = await revertTree(repository, { head: tree, commit });
    if (reverted.kind === 'Conflict') {
      return reverted;
    }
    tree = reverted.files.length === 0 ? tree : await treeWith(repository, tree, reverted.files);
  }
  return tree === head ? { kind: 'Nothing' } : tree;
}

async function makeCommit(
  { program, order }: Job,
  repository: ScratchRepository,
  { tree, parent }: { readonly tree: string; readonly parent: string },
): Promise<string> {
  const { author, message, signature, trailer } = order;
  const environment = {
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_COMMITTER_NAME: author.name,
    GIT_COMMITTER_EMAIL: author.email,
  };
  const input = `${message.trimEnd()}\n\n${trailer.name}: ${trailer.value}\n`;
  return await withSigning(program, signature, (signing) =>
    repository.run({
      arguments: ['commit-tree', tree, '-p', parent, '-F', '-', ...signing.words],
      input,
      config: signing.config,
      environment: { ...environment, ...signing.environment },
    }),
  );
}

/** @returns false when somebody else was faster; only a branch of our own is forced */
async function push(
  { answer, remote }: ScratchRepository,
  { base, target }: CommitOrder,
  commit: string,
): Promise<boolean> {
  const force = target === base ? '' : '+';
  const { code, output } = await answer({
    arguments: ['push', '--porcelain', '--end-of-options', 'source', `${force}${commit}:refs/heads/${target}`],
    remote,
    answers: [0, 1],
    timeoutMs: 60_000,
  });
  const [refused] = output
    .toString('utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'));
  if (code === 0 && refused === undefined) {
    return true;
  }
  const reason = refused?.split('\t').at(-1) ?? 'the push was refused';
  if (
    /^\[rejected\]/.test(reason) ||
    /failed to update ref|cannot lock ref|fetch first|non-fast-forward/.test(reason)
  ) {
    return false;
  }
  throw gitError({ what: `push to ${target} of ${remote.url.text}`, remote }, 'GIT_DENIED', reason);
}
