import { type Fetching, fetchCommit } from './fetch-commits.ts';
import { runGit } from './run-git.ts';

/** By its committer; the author's time may be years before. */
export function readCommitTime(commit: string): (fetching: Fetching) => Promise<Date | undefined> {
  return async (fetching) => {
    await fetchCommit(fetching, commit, 1);
    const { program, repository, what, signal } = fetching;
    const { output } = await runGit(
      program,
      {
        what,
        arguments: ['show', '--no-patch', '--format=%ct', '--end-of-options', commit],
        directory: repository.directory,
      },
      signal,
    );
    const seconds = Number(output.toString('latin1').trim());
    return Number.isSafeInteger(seconds) && seconds > 0 ? new Date(seconds * 1_000) : undefined;
  };
}
