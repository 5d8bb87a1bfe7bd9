import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sweepTemporaryFolders, withOwnTemporaryFolder } from './own-temporary-folder.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-sweep-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const program = `
  const { mkdtemp, writeFile } = await import('node:fs/promises');
  const { tmpdir } = await import('node:os');
  const { withOwnTemporaryFolder } = await import(${JSON.stringify(new URL('./own-temporary-folder.ts', import.meta.url).href)});
  await withOwnTemporaryFolder(async () => {
    const inner = await mkdtemp(tmpdir() + '/headgate-helm-');
    await writeFile(inner + '/values.json', '{"password": "hunter2"}');
    process.stdout.write('there');
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  });
`;

test('what a process that was killed has left is removed by the next one, and what belongs to a living one stays', async () => {
  const start = () =>
    spawn(process.execPath, ['--input-type=module', '-e', program], { env: { ...process.env, TMPDIR: folder } });
  const [killed, living] = [start(), start()];
  try {
    await Promise.all([killed, living].map((child) => once(child.stdout, 'data')));
    const ended = once(killed, 'exit');
    killed.kill('SIGKILL');
    await ended;
    await writeFile(join(folder, 'headgate-helm-of-somebody-else'), '');
    expect(await readdir(folder)).toHaveLength(3);

    await sweepTemporaryFolders(folder);

    const left = await readdir(folder);
    expect(left).toHaveLength(2);
    expect(left).toContainEqual(expect.stringMatching(new RegExp(`^headgate-${living.pid}-\\d+-`)));
    expect(left).toContain('headgate-helm-of-somebody-else');
  } finally {
    killed.kill('SIGKILL');
    living.kill('SIGKILL');
  }
}, 20_000);

test('a process that began later under the same pid is another one', async () => {
  await writeFile(join(folder, `headgate-${process.pid}-1-aaaaaa`), '');

  await sweepTemporaryFolders(folder);

  expect(await readdir(folder)).toEqual([]);
});

test('everything temporary is in the own folder, which is gone afterwards', async () => {
  const before = tmpdir();

  const seen = await withOwnTemporaryFolder(async () => {
    const inner = await mkdtemp(join(tmpdir(), 'inner-'));
    return { own: tmpdir(), inner };
  });

  expect(seen.own).toMatch(new RegExp(`/headgate-${process.pid}-\\d+-\\w{6}$`));
  expect(seen.inner.startsWith(`${seen.own}/inner-`)).toBe(true);
  expect(tmpdir()).toBe(before);
  await expect(readdir(seen.own)).rejects.toThrow('ENOENT');
});
