/** Gitea and Forgejo. @see https://docs.gitea.com/api/ */
import Type, { type Static } from 'typebox';
import type { PullRequest } from '../../engine/ports/forge.ts';
import { decoderOf } from '../../resources/decode.ts';
import type { Dialect } from './dialect.ts';
import { pullRequests, pullsOf } from './pulls.ts';

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

/** As many as Gitea answers at once; ours was touched lately, whoever looks for it. */
const mostLookedThrough = 50;

export const gitea: Dialect = {
  headers: (token) => ({ authorization: `token ${token}`, accept: 'application/json' }),
  /** Gitea lists pull requests by neither branch. */
  find: (project, { branch, base }) => ({
    what: `find a pull request of ${branch}`,
    method: 'GET',
    path: pullsOf(project),
    query: { state: 'all', sort: 'recentupdate', limit: String(mostLookedThrough) },
    decode: (answer) => {
      const own = decodePulls(answer, 'pull requests of Gitea').filter(
        (pull) => pull.head.ref === branch && pull.base.ref === base,
      );
      return own.map(toPullRequest).toSorted((left, right) => right.number - left.number)[0];
    },
  }),
  ...pullRequests(decode),
};
