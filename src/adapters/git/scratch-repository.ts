/** A repository of our own for one order: what is fetched from the server, and objects that are made of it. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitRemote } from '../../engine/ports/git.ts';
import type { GitProgram, GitRun } from './git-run.ts';
import { runGit } from './run-git.ts';

export interface ScratchRepository {
  readonly directory: string;
  readonly remote: GitRemote;
  /** Runs git in it. */
  run(run: Omit<GitRun, 'directory' | 'what'> & { readonly what?: string }): Promise<string>;
  /** The same for output that is no text, or whose exit code tells something. */
  answer(run: Omit<GitRun, 'directory' | 'what'>): ReturnType<typeof runGit>;
}

export interface ScratchOptions {
  readonly program: GitProgram;
  /** What is tried, for messages. */
  readonly what: string;
  readonly remote: GitRemote;
  readonly objectFormat: 'sha1' | 'sha256';
}

const fetchTimeoutMs = 120_000;

/** The first use of git makes the folder; most processes never have one. */
export async function makePrivateFolder({ privateFolder }: GitProgram): Promise<void> {
  await mkdir(privateFolder, { recursive: true, mode: 0o700 });
}

/** Makes a repository, works in it, and removes it whatever comes. */
export async function withScratchRepository<T>(
  { program, what, remote, objectFormat }: ScratchOptions,
  work: (repository: ScratchRepository) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  await makePrivateFolder(program);
  const directory = await mkdtemp(join(program.privateFolder, 'write-'));
  const answer: ScratchRepository['answer'] = (run) => runGit(program, { what, ...run, directory }, signal);
  const run: ScratchRepository['run'] = async (one) => (await answer(one)).output.toString('utf8').trimEnd();
  try {
    await run({ arguments: ['init', '--quiet', '--bare', '--template=', `--object-format=${objectFormat}`] });
    return await work({ directory, remote, run, answer });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Fetches the newest commit of a branch with its files; answers its id. */
export async function fetchHead({ run, remote }: ScratchRepository, branch: string): Promise<string> {
  await run({
    arguments: ['fetch', '--quiet', '--no-tags', '--depth=1', '--end-of-options', 'source', `refs/heads/${branch}`],
    remote,
    timeoutMs: fetchTimeoutMs,
  });
  return await run({ arguments: ['rev-parse', '--verify', 'FETCH_HEAD^{commit}'] });
}

/** Fetches a commit and the one before, with their files. */
export async function fetchCommit({ run, remote }: ScratchRepository, commit: string): Promise<void> {
  const words = ['fetch', '--quiet', '--no-tags', '--depth=2', '--end-of-options', 'source', commit];
  await run({ arguments: words, remote, timeoutMs: fetchTimeoutMs });
}

/** As many commits of others as may come between two attempts of ours. */
const longestHistory = 500;

/**
 * Finds the newest commit of a branch that has a trailer. Only commits are fetched where the server can leave files out.
 *
 * @param since is not looked at, nor what comes before it, where it is among the newest 500
 */
export async function findTrailer(
  { run, remote }: ScratchRepository,
  { branch, since, trailer }: { branch: string; since: string; trailer: { name: string; value: string } },
): Promise<string | undefined> {
  const depth = `--depth=${longestHistory}`;
  const ref = `refs/heads/${branch}`;
  await run({
    arguments: ['fetch', '--quiet', '--no-tags', '--filter=tree:0', depth, '--end-of-options', 'source', ref],
    remote,
    timeoutMs: fetchTimeoutMs,
  });
  const format = `--format=%H %(trailers:key=${trailer.name},valueonly,separator=%x20)`;
  const log = await run({ arguments: ['log', format, 'FETCH_HEAD'], maxOutputBytes: 2 ** 22 });
  for (const line of log.split('\n')) {
    const [commit = '', ...values] = line.split(' ');
    if (commit === since) {
      return undefined;
    }
    if (values.includes(trailer.value)) {
      return commit;
    }
  }
  return undefined;
}
