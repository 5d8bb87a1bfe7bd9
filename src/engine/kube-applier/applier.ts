/** Which files a run of `headgate apply` takes, when it is due, and its record. */
import {
  type ApplierRun,
  nextRun,
  nothingPending,
  type Pending,
  type RunType,
  withChange,
} from '../../core/kube-applier/applier-run.ts';
import { chooseFiles, type FileLists, parseFileList } from '../../core/kube-applier/file-list.ts';
import type { Clock } from '../ports/clock.ts';
import type { ManifestRepository } from '../ports/manifest-repository.ts';
import { type ApplyFilesContext, applyFiles } from './apply-files.ts';

export interface ListContext {
  readonly repository: ManifestRepository;
  /** File of paths that are never applied; undefined: none. */
  readonly blacklistPath: string | undefined;
  /** File of the only paths that are applied; undefined: all. */
  readonly whitelistPath: string | undefined;
}

export interface ApplierContext extends ListContext, Omit<ApplyFilesContext, 'repository'> {
  readonly clock: Clock;
}

/**
 * The files that a full run applies, sorted; the lists are read anew each time.
 *
 * @throws FILE_UNUSABLE for a list, GIT_UNUSABLE
 */
export async function listFilesToApply(
  { repository, blacklistPath, whitelistPath }: ListContext,
  signal: AbortSignal,
): Promise<FileLists & { readonly files: readonly string[] }> {
  const listAt = async (path: string | undefined) =>
    path === undefined ? [] : parseFileList(await repository.readText(path, signal));
  const lists = { blacklist: await listAt(blacklistPath), whitelist: await listAt(whitelistPath) };
  return { ...lists, files: chooseFiles(await repository.listFiles(signal), lists) };
}

/** Knows which commit was applied last and what is still to be done; its first run takes all files. */
export class Applier {
  readonly #context: ApplierContext;
  #pending: Pending = { ...nothingPending, full: true };
  #lastCommit: string | undefined;

  constructor(context: ApplierContext) {
    this.#context = context;
  }

  /** The next run takes all files. */
  askForFullRun(): void {
    this.#pending = { ...this.#pending, full: true };
  }

  /**
   * Looks for a new commit; without history there never is one.
   *
   * @throws GIT_UNUSABLE
   */
  async look(signal: AbortSignal): Promise<void> {
    const head = await this.#context.repository.headCommit(signal);
    if (head !== undefined && this.#lastCommit !== undefined && head !== this.#lastCommit) {
      this.#pending = withChange(this.#pending, this.#lastCommit);
    }
  }

  /**
   * Does what is due. Not to be called again before it has ended.
   *
   * @returns undefined when nothing is due
   * @throws errors of git, of the lists, and of an API server that cannot be asked at all; what was due stays due
   */
  async run(signal: AbortSignal): Promise<ApplierRun | undefined> {
    const due = this.#pending;
    const type = nextRun(due);
    if (type === undefined) {
      return undefined;
    }
    this.#pending = nothingPending;
    try {
      return await this.#perform(type, due.changedSince, signal);
    } catch (error) {
      const { full, changedSince } = this.#pending;
      this.#pending = { full: full || due.full, changedSince: due.changedSince ?? changedSince };
      throw error;
    }
  }

  async #perform(type: RunType, since: string | undefined, signal: AbortSignal): Promise<ApplierRun> {
    const { repository, clock } = this.#context;
    const startedAt = clock.now();
    const commit = await repository.headCommit(signal);
    const { files, ...lists } = await listFilesToApply(this.#context, signal);
    const changed = type === 'FullRun' ? undefined : await this.#changedFiles({ since, commit }, signal);
    const chosen = changed === undefined ? files : files.filter((path) => changed.includes(path));
    const attempts = await applyFiles(this.#context, chosen, signal);
    const commitLog = commit === undefined ? '' : await repository.commitLog(commit, signal);
    this.#lastCommit = commit;
    return { type, startedAt, finishedAt: clock.now(), commit, commitLog, ...lists, files: attempts };
  }

  /** Undefined: all files, also where the commit before is not known any more, as after a force-push. */
  async #changedFiles(
    { since, commit }: { readonly since: string | undefined; readonly commit: string | undefined },
    signal: AbortSignal,
  ): Promise<readonly string[] | undefined> {
    return since === undefined || commit === undefined
      ? undefined
      : await this.#context.repository.changedFiles(since, commit, signal);
  }
}
