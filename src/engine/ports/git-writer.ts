/** What the engine needs to write into git repositories. */
import type { Writing } from '../../core/git-write/writing.ts';
import type { GitRemote } from './git.ts';

export interface CommitSignature {
  readonly format: 'ssh' | 'gpg';
  /** Private key: as ssh-keygen writes it, or an armored export of gpg. */
  readonly key: string;
  readonly passphrase?: string;
}

/** A commit to make on top of a branch, wherever that stands by then. */
export interface CommitOrder {
  /** Branch whose files change. */
  readonly base: string;
  /** Branch that the commit is pushed to: `base`, or one of our own, which may be pushed anew by force. */
  readonly target: string;
  /** Whole message without trailers. */
  readonly message: string;
  /** By which a repeated order finds its own commit; the value has no line break. */
  readonly trailer: { readonly name: string; readonly value: string };
  readonly author: { readonly name: string; readonly email: string };
  readonly signature: CommitSignature | undefined;
  /** Where `base` stood before the order was given for the first time: a commit of ours can only be on top of it. */
  readonly since: string;
}

export interface WriteOrder extends CommitOrder {
  /** Folder that is written in; '' is the whole repository. */
  readonly path: string;
  readonly writing: Writing;
}

export interface RevertOrder extends CommitOrder {
  /** Taken back one after the other, in one commit. */
  readonly commits: readonly string[];
}

export type CommitAnswer =
  /** It is on the target, from now or from an earlier attempt. */
  | { readonly kind: 'Pushed'; readonly commit: string }
  /** There is nothing to change: every place holds what it should. */
  | { readonly kind: 'Nothing' }
  /** What is to be taken back was changed by somebody since. */
  | { readonly kind: 'Conflict'; readonly files: readonly string[] };

/**
 * Commits of versions. Errors of every method: GIT_UNREACHABLE, GIT_DENIED (also a branch that is protected), GIT_NOT_FOUND,
 * GIT_UNUSABLE. None holds a credential.
 */
export interface GitWriter {
  /** Commit (hex) at which the branch stands. @throws GIT_NOT_FOUND when there is none */
  headOf(remote: GitRemote, branch: string, signal: AbortSignal): Promise<string>;
  /**
   * Writes versions. The base branch is never forced: when somebody was faster, it is done again on the new head.
   *
   * @throws FILE_UNUSABLE when a file that has a place cannot be used, or nothing has a place for one of the versions
   */
  write(remote: GitRemote, order: WriteOrder, signal: AbortSignal): Promise<CommitAnswer>;
  /** The newest commit of a branch that has the trailer, looked for down to `since`; undefined when there is none. */
  find(
    remote: GitRemote,
    place: { readonly branch: string; readonly since: string; readonly trailer: CommitOrder['trailer'] },
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /** Takes commits back as `git revert` does: what was changed besides stays. */
  revert(remote: GitRemote, order: RevertOrder, signal: AbortSignal): Promise<CommitAnswer>;
  /** Harmless when there is no such branch. */
  deleteBranch(remote: GitRemote, branch: string, signal: AbortSignal): Promise<void>;
}
