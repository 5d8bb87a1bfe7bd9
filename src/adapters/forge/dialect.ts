/** How one kind of forge is spoken to: requests as values, and what their answers mean. */
import type { PullRequest, PullRequestBranches, PullRequestText } from '../../engine/ports/forge.ts';

export interface ForgeCall<T> {
  /** What is tried, for messages. */
  readonly what: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT';
  /** Below the URL of the API; every variable part is encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>>;
  /** @throws OBJECT_INVALID when the answer is not as the API describes it */
  readonly decode: (answer: unknown) => T;
}

export interface Dialect {
  headers(token: string): Readonly<Record<string, string>>;
  find(project: string, branches: PullRequestBranches): ForgeCall<PullRequest | undefined>;
  open(project: string, asked: PullRequestBranches & PullRequestText): ForgeCall<PullRequest>;
  read(project: string, number: number): ForgeCall<PullRequest>;
  edit(project: string, number: number, text: PullRequestText): ForgeCall<PullRequest>;
  close(project: string, number: number): ForgeCall<PullRequest>;
  comment(project: string, number: number, text: string): ForgeCall<void>;
}

/** `owner/name` as two segments of a path. */
export function segmentsOf(project: string): string {
  return project.split('/').map(encodeURIComponent).join('/');
}

export function nothing(): void {
  // Nobody needs what the forge says of a comment.
}
