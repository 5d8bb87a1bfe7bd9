import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type NewFile, replaceFiles } from './replace-files.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-replace-'));
  await writeFile(join(folder, 'a'), 'old a');
  await writeFile(join(folder, 'b'), 'old b');
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function* newFiles(...paths: readonly string[]): AsyncGenerator<NewFile> {
  const stats = await stat(join(folder, 'a'));
  for (const path of paths) {
    yield { path: join(folder, path), text: `new ${path}`, stats };
  }
}

async function contents(): Promise<Record<string, string>> {
  const names = await readdir(folder);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)),
  );
}

const { signal } = new AbortController();

test('replaces all, and leaves nothing beside them', async () => {
  await replaceFiles(newFiles('a', 'b'), signal);

  expect(await contents()).toEqual({ a: 'new a', b: 'new b' });
});

test('when one cannot be written, all are as before', async () => {
  const path = expect.stringMatching(/^write .*nowhere\/c: ENOENT/);
  await expect(replaceFiles(newFiles('a', 'nowhere/c', 'b'), signal)).rejects.toMatchObject({
    code: 'FILE_UNUSABLE',
    message: path,
  });

  expect(await contents()).toEqual({ a: 'old a', b: 'old b' });
});

test('a signal between two files leaves all as before', async () => {
  const controller = new AbortController();
  async function* stopped(): AsyncGenerator<NewFile> {
    yield* newFiles('a');
    controller.abort();
    yield* newFiles('b');
  }

  await expect(replaceFiles(stopped(), controller.signal)).rejects.toThrow(/abort/i);
  expect(await contents()).toEqual({ a: 'old a', b: 'old b' });
});

test('says how far it came when a file cannot take its place', async () => {
  await rm(join(folder, 'b'));
  await mkdir(join(folder, 'b'));

  await expect(replaceFiles(newFiles('a', 'b'), signal)).rejects.toThrow(
    /^replace .*\/b after 1 of 2 files were replaced: E/,
  );
  expect((await readdir(folder)).toSorted()).toEqual(['a', 'b']);
});
