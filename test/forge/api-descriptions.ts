/**
 * What the published descriptions of two REST APIs say of the operations that Headgate uses, written down by hand: parameters, allowed
 * values, what must be sent, and fields of the answer.
 *
 * - GitHub: "GitHub's official OpenAPI spec", api.github.com, as in the npm package @octokit/openapi 23.0.2
 * - GitLab: doc/api/openapi/openapi_v3.yaml of GitLab 19.5 for paths, parameters and answers; the attributes of bodies as in
 *   https://docs.gitlab.com/api/merge_requests/ and https://docs.gitlab.com/api/notes/
 */
import type { ForgeKind } from '../../src/core/git/forge-location.ts';

export type FieldType = 'string' | 'integer' | 'boolean' | readonly string[];

export interface Operation {
  readonly method: string;
  /** With `{name}` for one encoded segment. */
  readonly path: string;
  readonly query?: Readonly<Record<string, FieldType>>;
  readonly body?: Readonly<Record<string, FieldType>>;
  readonly required?: readonly string[];
}

const githubPull = '/repos/{owner}/{repo}/pulls';
const gitlabRequest = '/projects/{id}/merge_requests';

export const descriptions: Readonly<Record<Exclude<ForgeKind, 'Gitea'>, readonly Operation[]>> = {
  GitHub: [
    {
      method: 'GET',
      path: githubPull,
      query: {
        state: ['open', 'closed', 'all'],
        head: 'string',
        base: 'string',
        sort: ['created', 'updated', 'popularity', 'long-running'],
        direction: ['asc', 'desc'],
        per_page: 'integer',
        page: 'integer',
      },
    },
    {
      method: 'POST',
      path: githubPull,
      body: {
        ...{ title: 'string', head: 'string', head_repo: 'string', base: 'string', body: 'string' },
        ...{ maintainer_can_modify: 'boolean', draft: 'boolean', issue: 'integer' },
      },
      required: ['head', 'base'],
    },
    { method: 'GET', path: `${githubPull}/{pull_number}` },
    {
      method: 'PATCH',
      path: `${githubPull}/{pull_number}`,
      body: {
        title: 'string',
        body: 'string',
        state: ['open', 'closed'],
        base: 'string',
        maintainer_can_modify: 'boolean',
      },
    },
    {
      method: 'POST',
      path: '/repos/{owner}/{repo}/issues/{issue_number}/comments',
      body: { body: 'string' },
      required: ['body'],
    },
  ],
  GitLab: [
    {
      method: 'GET',
      path: gitlabRequest,
      query: {
        state: ['opened', 'closed', 'locked', 'merged', 'all'],
        order_by: [
          ...['created_at', 'label_priority', 'milestone_due', 'popularity', 'priority', 'title', 'updated_at'],
          'merged_at',
        ],
        sort: ['asc', 'desc'],
        source_branch: 'string',
        target_branch: 'string',
        per_page: 'integer',
        page: 'integer',
      },
    },
    {
      method: 'POST',
      path: gitlabRequest,
      body: {
        ...{ title: 'string', description: 'string', source_branch: 'string', target_branch: 'string' },
        ...{ remove_source_branch: 'boolean', labels: 'string', squash: 'boolean', assignee_id: 'integer' },
      },
      required: ['title', 'source_branch', 'target_branch'],
    },
    { method: 'GET', path: `${gitlabRequest}/{merge_request_iid}` },
    {
      method: 'PUT',
      path: `${gitlabRequest}/{merge_request_iid}`,
      body: { title: 'string', description: 'string', state_event: ['close', 'reopen'], target_branch: 'string' },
    },
    {
      method: 'POST',
      path: `${gitlabRequest}/{merge_request_iid}/notes`,
      body: { body: 'string', internal: 'boolean' },
      required: ['body'],
    },
  ],
};

/** Answers with the fields that Headgate reads and some that it does not, as the descriptions have them. */
export const answers = {
  GitHub: {
    open: { number: 7, html_url: 'https://github.com/o/r/pull/7', state: 'open', merged_at: null, id: 1, draft: false },
    merged: {
      number: 7,
      html_url: 'https://github.com/o/r/pull/7',
      state: 'closed',
      merged_at: '2026-05-04T12:00:00Z',
    },
    closed: { number: 7, html_url: 'https://github.com/o/r/pull/7', state: 'closed', merged_at: null },
  },
  GitLab: {
    open: { iid: 7, web_url: 'https://gitlab.com/o/r/-/merge_requests/7', state: 'opened', id: 99 },
    merged: { iid: 7, web_url: 'https://gitlab.com/o/r/-/merge_requests/7', state: 'merged' },
    closed: { iid: 7, web_url: 'https://gitlab.com/o/r/-/merge_requests/7', state: 'closed' },
  },
} as const;
