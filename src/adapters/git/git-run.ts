/** What a run of git needs and gives. */

import type { GitRemote } from '../../engine/ports/git.ts';
import type { PlaceGuard } from '../../network/place-guard.ts';

export interface GitProgram {
  /** A folder of our own for keys and certificates while they are used; nobody else may read it. */
  readonly privateFolder: string;
  /** What git and ssh need of the environment: PATH, proxies. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where no repository is, whoever names it; nothing is refused when absent. */
  readonly guard?: PlaceGuard | undefined;
  /** Largest file that git may write, for example a pack. Default 512 MiB. */
  readonly maxFileBytes?: number;
  /** Memory of one git process. Default 2 GiB of address space. */
  readonly maxMemoryBytes?: number;
}

export interface GitRun {
  /** What is tried, for messages: `list tags of https://host/org/repo`. */
  readonly what: string;
  /** Made of what core/git/names.ts has let pass; `--end-of-options` stands before each name all the same. */
  readonly arguments: readonly string[];
  /** Repository or work tree. */
  readonly directory?: string;
  /** Known to git as the remote `source`. Without it git cannot reach any other repository. */
  readonly remote?: GitRemote;
  readonly input?: string | Uint8Array;
  /** Configuration of git besides our own. */
  readonly config?: Readonly<Record<string, string>>;
  /** Besides our own, for example GIT_AUTHOR_NAME. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Default 30 s; then the whole process group is killed. */
  readonly timeoutMs?: number;
  /** More output is an error. Default 1 MiB. */
  readonly maxOutputBytes?: number;
  /** Exit codes that are answers, for example 1 of `merge-base --is-ancestor`. Default: 0 only. */
  readonly answers?: readonly number[];
}

export interface GitAnswer {
  readonly code: number;
  readonly output: Buffer;
  /** At most 64 KiB. */
  readonly errors: Buffer;
}
