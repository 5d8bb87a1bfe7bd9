/** @see https://docs.gitlab.com/api/merge_requests/ */
import Type, { type Static } from 'typebox';
import type { PullRequest } from '../../engine/ports/forge.ts';
import { decoderOf } from '../../resources/decode.ts';
import { type Dialect, nothing } from './dialect.ts';

const MergeRequestSchema = Type.Object({
  iid: Type.Integer(),
  web_url: Type.String({ maxLength: 2_048 }),
  state: Type.Enum(['opened', 'closed', 'locked', 'merged']),
});

const decodeOne = decoderOf(MergeRequestSchema);
const decodeAll = decoderOf(Type.Array(MergeRequestSchema));

/** `locked` is the moment in which it is being merged. */
const states = { opened: 'Open', locked: 'Open', closed: 'Closed', merged: 'Merged' } as const;

function toPullRequest({ iid, web_url, state }: Static<typeof MergeRequestSchema>): PullRequest {
  return { number: iid, url: web_url, state: states[state] };
}

const decode = (answer: unknown) => toPullRequest(decodeOne(answer, 'merge request of GitLab'));

function requests(project: string): string {
  return `/projects/${encodeURIComponent(project)}/merge_requests`;
}

export const gitlab: Dialect = {
  headers: (token) => ({ authorization: `Bearer ${token}`, accept: 'application/json' }),
  find: (project, { branch, base }) => ({
    what: `find a merge request of ${branch}`,
    method: 'GET',
    path: requests(project),
    query: {
      state: 'all',
      source_branch: branch,
      target_branch: base,
      order_by: 'created_at',
      sort: 'desc',
      per_page: '1',
    },
    decode: (answer) => decodeAll(answer, 'merge requests of GitLab').map(toPullRequest)[0],
  }),
  open: (project, { branch, base, title, body }) => ({
    what: `open a merge request of ${branch}`,
    method: 'POST',
    path: requests(project),
    body: { title, description: body, source_branch: branch, target_branch: base, remove_source_branch: true },
    decode,
  }),
  read: (project, number) => ({
    what: `read merge request ${number}`,
    method: 'GET',
    path: `${requests(project)}/${number}`,
    decode,
  }),
  edit: (project, number, { title, body }) => ({
    what: `edit merge request ${number}`,
    method: 'PUT',
    path: `${requests(project)}/${number}`,
    body: { title, description: body },
    decode,
  }),
  close: (project, number) => ({
    what: `close merge request ${number}`,
    method: 'PUT',
    path: `${requests(project)}/${number}`,
    body: { state_event: 'close' },
    decode,
  }),
  comment: (project, number, text) => ({
    what: `comment on merge request ${number}`,
    method: 'POST',
    path: `${requests(project)}/${number}/notes`,
    body: { body: text },
    decode: nothing,
  }),
};
