/** Gitea and Forgejo. @see https://docs.gitea.com/api/ */
import Type, { type Static } from 'typebox';
import type { PullRequest } from '../../engine/ports/forge.ts';
import { decoderOf } from '../../resources/decode.ts';
import { type Dialect, nothing, segmentsOf } from './dialect.ts';

const PullSchema = Type.Object({
  number: Type.Integer(),
  html_url: Type.String({ maxLength: 2_048 }),
  state: Type.Enum(['open', 'closed']),
  merged: Type.Boolean(),
  head: Type.Object({ ref: Type.String({ maxLength: 1_024 }) }),
  base: Type.Object({ ref: Type.String({ maxLength: 1_024 }) }),
});

const decodePull = decoderOf(PullSchema);
const decodePulls = decoderOf(Type.Array(PullSchema));

function toPullRequest({ number, html_url, state, merged }: Static<typeof PullSchema>): PullRequest {
  return { number, url: html_url, state: merged ? 'Merged' : state === 'open' ? 'Open' : 'Closed' };
}

const decode = (answer: unknown) => toPullRequest(decodePull(answer, 'pull request of Gitea'));

function pulls(project: string): string {
  return `/repos/${segmentsOf(project)}/pulls`;
}

/** As many as Gitea answers at once; ours was touched lately, whoever looks for it. */
const mostLookedThrough = 50;

export const gitea: Dialect = {
  headers: (token) => ({ authorization: `token ${token}`, accept: 'application/json' }),
  /** Gitea lists pull requests by neither branch. */
  find: (project, { branch, base }) => ({
    what: `find a pull request of ${branch}`,
    method: 'GET',
    path: pulls(project),
    query: { state: 'all', sort: 'recentupdate', limit: String(mostLookedThrough) },
    decode: (answer) => {
      const own = decodePulls(answer, 'pull requests of Gitea').filter(
        (pull) => pull.head.ref === branch && pull.base.ref === base,
      );
      return own.map(toPullRequest).toSorted((left, right) => right.number - left.number)[0];
    },
  }),
  open: (project, { branch, base, title, body }) => ({
    what: `open a pull request of ${branch}`,
    method: 'POST',
    path: pulls(project),
    body: { title, body, head: branch, base },
    decode,
  }),
  read: (project, number) => ({
    what: `read pull request ${number}`,
    method: 'GET',
    path: `${pulls(project)}/${number}`,
    decode,
  }),
  edit: (project, number, { title, body }) => ({
    what: `edit pull request ${number}`,
    method: 'PATCH',
    path: `${pulls(project)}/${number}`,
    body: { title, body },
    decode,
  }),
  close: (project, number) => ({
    what: `close pull request ${number}`,
    method: 'PATCH',
    path: `${pulls(project)}/${number}`,
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
