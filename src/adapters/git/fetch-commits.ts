/** Brings commits, and single files of them, into a cached repository: shallow, and without file contents until they are needed. */
import type { GitRemote } from '../../engine/ports/git.ts';
import type { GitProgram } from './git-run.ts';
import type { CachedRepository } from './object-cache.ts';
import { runGit } from './run-git.ts';

export interface Fetching {
  readonly program: GitProgram;
  readonly remote: GitRemote;
  readonly repository: CachedRepository;
  /** For messages: `read deploy at 1a2b... of https://...`. */
  readonly what: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** `--depth` of a whole history, as git itself has it. */
export const wholeHistory = 2_147_483_647;

const quietly = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', '--recurse-submodules=no'];

/** The commit with its trees and so many commits before it. Nothing is asked when that is there. */
export async function fetchCommit(fetching: Fetching, commit: string, depth: number): Promise<void> {
  const { repository } = fetching;
  if ((repository.depths.get(commit) ?? 0) >= depth) {
    return;
  }
  // A ref of our own tells the server next time what we have.
  const names = ['--end-of-options', 'source', `+${commit}:refs/fetched/${commit}`];
  await fetch(fetching, ['--filter=blob:none', `--depth=${depth}`, '--update-shallow', ...names]);
  // A shallower fetch cuts the history of what it shares with others.
  repository.depths.clear();
  repository.depths.set(commit, depth);
}

/** The contents of files, those that were not fetched before. */
export async function fetchFiles(fetching: Fetching, objects: readonly string[]): Promise<void> {
  const { files } = fetching.repository;
  const missing = objects.filter((object) => !files.has(object));
  if (missing.length > 0) {
    await fetch(fetching, ['--filter=blob:none', '--stdin', '--end-of-options', 'source'], `${missing.join('\n')}\n`);
    for (const object of missing) {
      files.add(object);
    }
  }
}

async function fetch(fetching: Fetching, options: readonly string[], input = ''): Promise<void> {
  const { program, remote, repository, what, timeoutMs, signal } = fetching;
  await runGit(
    program,
    {
      what,
      arguments: ['fetch', ...quietly, ...options],
      directory: repository.directory,
      remote,
      input,
      timeoutMs,
      // No common history is looked for when single files are asked for.
      config: input === '' ? {} : { 'fetch.negotiationAlgorithm': 'noop' },
    },
    signal,
  );
}
