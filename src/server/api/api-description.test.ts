/** What people and programs can see and do has a route of its own, in the description that is generated from the routes. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const file = fileURLToPath(new URL('../../../docs/reference/openapi.json', import.meta.url));
const { paths } = JSON.parse(readFileSync(file, 'utf8')) as { readonly paths: Readonly<Record<string, object>> };
const one = '{namespace}/{name}';

test.each([
  ['Apps', 'get', 'apps'],
  ['one App', 'get', `apps/${one}`],
  ['versions, and why not each other', 'get', `apps/${one}/candidates`],
  ['the objects of an App', 'get', `apps/${one}/resources`],
  ['the history, searched', 'get', 'updates'],
  ['one Update with its steps', 'get', `updates/${one}`],
  ['what an Update changes', 'get', `updates/${one}/objects`],
  ['pods of an Update', 'get', `updates/${one}/pods`],
  ['logs of an Update', 'get', `updates/${one}/pods/{pod}/log`],
  ['approvals', 'get', 'approvals'],
  ['Rejections', 'get', 'rejections'],
  ['Channels', 'get', 'channels'],
  ['Releases', 'get', 'releases'],
  ['evidence of a Release', 'get', `releases/${one}/evidence`],
  ['Subscriptions', 'get', 'subscriptions'],
  ['sources', 'get', 'sources'],
  ['budgets of registries', 'get', 'registries'],
  ['a policy tried out', 'post', 'policies/try'],
  ['the four numbers', 'get', 'figures'],
  ['changes as they come', 'get', 'watch'],
  ['check now', 'post', `apps/${one}/check`],
  ['update now', 'post', `apps/${one}/update`],
  ['a version by its name', 'post', `apps/${one}/deploy`],
  ['hold, which is a veto', 'post', `apps/${one}/hold`],
  ['lift a hold', 'post', `apps/${one}/unhold`],
  ['roll back', 'post', `apps/${one}/rollback`],
  ['restore', 'post', `apps/${one}/restore`],
  ['approve', 'post', `updates/${one}/approve`],
  ['reject', 'post', `updates/${one}/reject`],
  ['approve the set of a Channel', 'post', `channels/${one}/approve`],
  ['lift a Rejection', 'delete', `rejections/${one}`],
  ['whether all is paused', 'get', 'pause'],
  ['pause all', 'post', 'pause'],
  ['go on', 'post', 'resume'],
])('%s: %s %s', (_what, method, path) => {
  expect(Object.keys(paths[`/api/v1/${path}`] ?? {})).toContain(method);
});
