/** The last commit that changed something below some paths, found with as little of the history as will do. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Fetching, fetchCommit, wholeHistory } from './fetch-commits.ts';
import { gitError } from './git-failure.ts';
import { runGit } from './run-git.ts';

/** What was found for an earlier head: when nothing between that and the new one touches the paths, it still holds. */
export interface EarlierChange {
  readonly head: string;
  readonly change: string;
}

export interface ChangeQuestion {
  readonly commit: string;
  readonly paths: readonly string[];
  readonly earlier: EarlierChange | undefined;
}

/** Most changes are near the head; each step is one more question to the server. */
const depths = [64, 1_024, wholeHistory];

/** @throws GIT_NOT_FOUND when no commit ever touched the paths */
export async function findLastChange(fetching: Fetching, question: ChangeQuestion): Promise<string> {
  for (const depth of depths) {
    await fetchCommit(fetching, question.commit, depth);
    const cuts = await readCuts(fetching);
    const found =
      (await carryOn(fetching, question)) ?? (await lastTouching(fetching, [question.commit], question.paths));
    // Where the history is cut off, a commit looks as if it had brought everything.
    if (found !== undefined && !cuts.has(found)) {
      fetching.repository.depths.set(found, 1);
      return found;
    }
    if (cuts.size === 0) {
      break;
    }
  }
  const paths = question.paths.map((path) => `"${path}"`).join(', ');
  throw gitError(fetching, 'GIT_NOT_FOUND', `no commit up to ${question.commit} has anything at ${paths}`);
}

async function carryOn(fetching: Fetching, { commit, paths, earlier }: ChangeQuestion): Promise<string | undefined> {
  if (earlier === undefined || !(await isAncestor(fetching, earlier.head, commit))) {
    return undefined;
  }
  return (await lastTouching(fetching, [commit, `^${earlier.head}`], paths)) ?? earlier.change;
}

async function isAncestor(fetching: Fetching, older: string, newer: string): Promise<boolean> {
  const { program, repository, what, signal } = fetching;
  const { code } = await runGit(
    program,
    {
      what,
      arguments: ['merge-base', '--is-ancestor', older, newer],
      directory: repository.directory,
      // 128: the older one is not here any more, after a forced push.
      answers: [0, 1, 128],
    },
    signal,
  );
  return code === 0;
}

async function lastTouching(
  { program, repository, what, signal }: Fetching,
  range: readonly string[],
  paths: readonly string[],
): Promise<string | undefined> {
  const { output } = await runGit(
    program,
    {
      what,
      arguments: ['rev-list', '--max-count=1', ...range, '--', ...paths],
      directory: repository.directory,
    },
    signal,
  );
  return output.toString('latin1').trim() || undefined;
}

/** Commits whose parents were not fetched. */
async function readCuts({ repository }: Fetching): Promise<ReadonlySet<string>> {
  try {
    return new Set((await readFile(join(repository.directory, 'shallow'), 'latin1')).split('\n').filter(Boolean));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return new Set();
    }
    throw error;
  }
}
