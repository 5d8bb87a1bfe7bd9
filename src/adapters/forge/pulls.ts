/** What Gitea took over from GitHub: where pull requests are, and how one is opened, read, edited, closed and commented on. */
import type { PullRequest } from '../../engine/ports/forge.ts';
import { type Dialect, nothing, segmentsOf } from './dialect.ts';

/** Path of the pull requests of a project `owner/name`. */
export function pullsOf(project: string): string {
  return `/repos/${segmentsOf(project)}/pulls`;
}

type OnePull = Pick<Dialect, 'open' | 'read' | 'edit' | 'close' | 'comment'>;

/** Requests about one pull request; `decode` reads the answer that has it, and throws what it cannot read. */
export function pullRequests(decode: (answer: unknown) => PullRequest): OnePull {
  return {
    open: (project, { branch, base, title, body }) => ({
      what: `open a pull request of ${branch}`,
      method: 'POST',
      path: pullsOf(project),
      body: { title, body, head: branch, base },
      decode,
    }),
    read: (project, number) => ({
      what: `read pull request ${number}`,
      method: 'GET',
      path: `${pullsOf(project)}/${number}`,
      decode,
    }),
    edit: (project, number, { title, body }) => ({
      what: `edit pull request ${number}`,
      method: 'PATCH',
      path: `${pullsOf(project)}/${number}`,
      body: { title, body },
      decode,
    }),
    close: (project, number) => ({
      what: `close pull request ${number}`,
      method: 'PATCH',
      path: `${pullsOf(project)}/${number}`,
      body: { state: 'closed' },
      decode,
    }),
    comment: (project, number, text) => ({
      what: `comment on pull request ${number}`,
      method: 'POST',
      path: `/repos/${segmentsOf(project)}/issues/${number}/comments`,
      body: { body: text },
      decode: nothing,
    }),
  };
}
