/** @see https://docs.github.com/rest/pulls/pulls?apiVersion=2022-11-28 */
import Type, { type Static } from 'typebox';
import type { PullRequest } from '../../engine/ports/forge.ts';
import { decoderOf } from '../../resources/decode.ts';
import type { Dialect } from './dialect.ts';
import { pullRequests, pullsOf } from './pulls.ts';

const PullSchema = Type.Object({
  number: Type.Integer(),
  html_url: Type.String({ maxLength: 2_048 }),
  state: Type.Enum(['open', 'closed']),
  merged_at: Type.Union([Type.String(), Type.Null()]),
});

const decodePull = decoderOf(PullSchema);
const decodePulls = decoderOf(Type.Array(PullSchema));

function toPullRequest({ number, html_url, state, merged_at }: Static<typeof PullSchema>): PullRequest {
  return { number, url: html_url, state: merged_at !== null ? 'Merged' : state === 'open' ? 'Open' : 'Closed' };
}

const decode = (answer: unknown) => toPullRequest(decodePull(answer, 'pull request of GitHub'));

export const github: Dialect = {
  headers: (token) => ({
    authorization: `Bearer ${token}`,
    accept: 'application/vnd.github+json',
    'x-github-api-version': '2022-11-28',
  }),
  find: (project, { branch, base }) => ({
    what: `find a pull request of ${branch}`,
    method: 'GET',
    path: pullsOf(project),
    query: {
      state: 'all',
      head: `${project.split('/')[0]}:${branch}`,
      base,
      sort: 'created',
      direction: 'desc',
      per_page: '1',
    },
    decode: (answer) => decodePulls(answer, 'pull requests of GitHub').map(toPullRequest)[0],
  }),
  ...pullRequests(decode),
};
