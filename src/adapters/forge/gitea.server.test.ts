/** Pull requests of a real Gitea. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GiteaServer, startGitea } from '../../../test/servers/gitea.ts';
import type { ForgeRemote } from '../../engine/ports/forge.ts';
import { createForgeClient } from './forge-client.ts';

const { signal } = new AbortController();
const forge = createForgeClient();
let server: GiteaServer;
let remote: ForgeRemote;

beforeAll(async () => {
  server = await startGitea();
  await server.createRepository('deploy');
  remote = {
    kind: 'Gitea',
    apiUrl: `${server.origin}/api/v1`,
    project: `${server.username}/deploy`,
    token: server.token,
  };
}, 60_000);

afterAll(async () => {
  await forge.destroy();
  await server.stop();
});

/** A branch with one commit on top of main. */
async function makeBranch(branch: string): Promise<void> {
  const content = Buffer.from(branch).toString('base64');
  await server.call('POST', `/repos/${remote.project}/contents/${branch}.yaml`, {
    content,
    new_branch: branch,
    message: 'x',
  });
}

const base = 'main';
const text = { title: 'Update web to 2.0', body: '* web `1.0` -> `2.0`' };

test('opens, finds, edits and reads one', async () => {
  await makeBranch('one');

  const opened = await forge.open(remote, { branch: 'one', base, ...text }, signal);

  expect(opened).toEqual({
    number: expect.any(Number),
    url: `${server.origin}/${remote.project}/pulls/${opened.number}`,
    state: 'Open',
  });
  expect(await forge.find(remote, { branch: 'one', base }, signal)).toEqual(opened);
  await forge.edit(remote, opened.number, { ...text, title: 'Update web to 3.0' }, signal);
  expect(await forge.read(remote, opened.number, signal)).toEqual(opened);
  expect(await server.call('GET', `/repos/${remote.project}/pulls/${opened.number}`)).toMatchObject({
    title: 'Update web to 3.0',
    body: text.body,
    head: { ref: 'one' },
    base: { ref: 'main' },
  });
});

test('closes one with a reason, and leaves a closed one alone', async () => {
  await makeBranch('two');
  const { number } = await forge.open(remote, { branch: 'two', base, ...text }, signal);

  expect(await forge.close(remote, number, 'a newer version arrived', signal)).toMatchObject({ state: 'Closed' });
  expect(await forge.close(remote, number, 'once more', signal)).toMatchObject({ state: 'Closed' });

  const comments = await server.call('GET', `/repos/${remote.project}/issues/${number}/comments`);
  expect(comments).toMatchObject([{ body: 'a newer version arrived' }]);
});

test('sees that somebody merged one, and finds the newest of several from one branch', async () => {
  await makeBranch('three');
  const first = await forge.open(remote, { branch: 'three', base, ...text }, signal);
  await forge.close(remote, first.number, 'no', signal);
  const second = await forge.open(remote, { branch: 'three', base, ...text }, signal);

  await server.call('POST', `/repos/${remote.project}/pulls/${second.number}/merge`, { Do: 'merge' });

  expect(await forge.read(remote, second.number, signal)).toMatchObject({ state: 'Merged' });
  expect(await forge.find(remote, { branch: 'three', base }, signal)).toMatchObject({
    number: second.number,
    state: 'Merged',
  });
});

test('finds none of a branch that has none', async () => {
  expect(await forge.find(remote, { branch: 'nothing', base }, signal)).toBeUndefined();
});

test.each([
  { name: 'a wrong token', fields: { token: 'a'.repeat(40) }, code: 'GIT_DENIED' },
  { name: 'no such repository', fields: { project: 'robot/nothing' }, code: 'GIT_NOT_FOUND' },
  { name: 'no such branch', fields: {}, code: 'GIT_NOT_FOUND' },
  { name: 'nobody listens', fields: { apiUrl: 'http://127.0.0.1:1/api/v1' }, code: 'GIT_UNREACHABLE' },
])('$name is $code, and no message holds the token', async ({ fields, code }) => {
  const opening = forge.open({ ...remote, ...fields }, { branch: 'nothing', base, ...text }, signal);

  await expect(opening).rejects.toMatchObject({
    code,
    message: expect.not.stringContaining(fields.token ?? remote.token),
  });
});
