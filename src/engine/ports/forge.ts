/** What the engine needs of the forges that host git repositories: pull requests (merge requests at GitLab). */
import type { ForgeLocation } from '../../core/git/forge-location.ts';

export interface ForgeRemote extends ForgeLocation {
  /** Sent to `apiUrl` and nowhere else. */
  readonly token: string;
  /** PEM certificates trusted besides the system's. */
  readonly caBundle?: string | undefined;
}

export interface PullRequest {
  readonly number: number;
  /** For people. */
  readonly url: string;
  readonly state: 'Open' | 'Merged' | 'Closed';
}

export interface PullRequestText {
  readonly title: string;
  /** Markdown. */
  readonly body: string;
}

export interface PullRequestBranches {
  readonly branch: string;
  readonly base: string;
}

/**
 * Errors of every method: GIT_UNREACHABLE (also when it asks to come later), GIT_DENIED, GIT_NOT_FOUND, GIT_UNUSABLE (another
 * answer than its API describes). None holds the token.
 */
export interface Forge {
  /** The newest one from that branch into the base, whatever its state. */
  find(remote: ForgeRemote, branches: PullRequestBranches, signal: AbortSignal): Promise<PullRequest | undefined>;
  open(remote: ForgeRemote, asked: PullRequestBranches & PullRequestText, signal: AbortSignal): Promise<PullRequest>;
  read(remote: ForgeRemote, number: number, signal: AbortSignal): Promise<PullRequest>;
  edit(remote: ForgeRemote, number: number, text: PullRequestText, signal: AbortSignal): Promise<PullRequest>;
  /** Says why in a comment. Harmless for one that is not open any more. */
  close(remote: ForgeRemote, number: number, reason: string, signal: AbortSignal): Promise<PullRequest>;
}
