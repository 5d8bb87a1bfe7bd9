import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sweepWorkspaces, withWorkspace } from './workspace.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-sweep-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const program = `
  const { withWorkspace } = await import(${JSON.stringify(new URL('./workspace.ts', import.meta.url).href)});
  await withWorkspace(async (workspace) => {
    await workspace.write('values.json', '{"password": "hunter2"}');
    process.stdout.write('there');
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  });
`;

test('the folder of a process that was killed is removed by the next one, and that of a living one stays', async () => {
  const children = [1, 2].map(() =>
    spawn(process.execPath, ['--input-type=module', '-e', program], { env: { ...process.env, TMPDIR: folder } }),
  );
  try {
    await Promise.all(children.map((child) => once(child.stdout, 'data')));
    const [killed, living] = children;
    const ended = once(killed ?? expect.fail(), 'exit');
    killed?.kill('SIGKILL');
    await ended;
    await writeFile(join(folder, 'headgate-helm-of-somebody-else'), '');
    expect(await readdir(folder)).toHaveLength(3);

    await sweepWorkspaces(folder);

    const left = await readdir(folder);
    expect(left).toHaveLength(2);
    expect(left).toContainEqual(expect.stringMatching(new RegExp(`^headgate-helm-${living?.pid}-\\d+-`)));
    expect(left).toContain('headgate-helm-of-somebody-else');
  } finally {
    for (const child of children) {
      child.kill('SIGKILL');
    }
  }
}, 20_000);

test('a process that began later under the same pid is another one', async () => {
  await writeFile(join(folder, `headgate-helm-${process.pid}-1-aaaaaa`), '');

  await sweepWorkspaces(folder);

  expect(await readdir(folder)).toEqual([]);
});

test('only this user can read what is in the folder, and it is gone afterwards', async () => {
  const seen = await withWorkspace(async (workspace) => {
    const path = await workspace.write('deep/values.json', '{}');
    return { path, content: await readFile(path, 'utf8') };
  });

  expect(seen.content).toBe('{}');
  await expect(readFile(seen.path)).rejects.toThrow('ENOENT');
});
