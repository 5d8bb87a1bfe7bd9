import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createFolders } from './folders.ts';

const never = new AbortController().signal;
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'headgate-folders-'));
  await mkdir(join(root, 'app', 'deep'), { recursive: true });
  await writeFile(join(root, 'app', 'a.yaml'), 'a');
  await writeFile(join(root, 'app', 'deep', 'b.yaml'), 'b');
  await writeFile(join(root, 'outside.yaml'), 'outside');
});

afterEach(() => rm(root, { recursive: true, force: true }));

test('the files of a folder are read in the order of their paths; a link is not followed', async () => {
  await symlink('../outside.yaml', join(root, 'app', 'link.yaml'));
  await mkdir(join(root, 'app', '.git'));
  await writeFile(join(root, 'app', '.git', 'config'), 'x');

  const { files, leftOut } = await createFolders({ root }).readTree('app', never);

  expect(files.map(({ path, content }) => `${path}=${content.toString()}`)).toEqual(['a.yaml=a', 'deep/b.yaml=b']);
  expect(leftOut).toEqual([{ path: 'link.yaml', reason: 'SymbolicLink' }]);
});

test('the digest changes with every content and name, and with nothing else', async () => {
  const folders = createFolders({ root });
  const first = await folders.readTree('app', never);
  const same = await folders.readTree('app', never);
  await writeFile(join(root, 'app', 'a.yaml'), 'A');
  const content = await folders.readTree('app', never);
  await writeFile(join(root, 'app', 'a.yaml'), 'a');
  const back = await folders.readTree('app', never);
  await rm(join(root, 'app', 'a.yaml'));
  await writeFile(join(root, 'app', 'c.yaml'), 'a');
  const name = await folders.readTree('app', never);

  expect([same.digest, back.digest]).toEqual([first.digest, first.digest]);
  expect(new Set([first.digest, content.digest, name.digest]).size).toBe(3);
  expect(same.files[0]?.content).toBe(first.files[0]?.content);
});

describe('a path is refused', () => {
  test.each([
    ['out of the root', '../', /leads out of/],
    ['hidden in the middle', 'app/../../etc', /leads out of/],
    ['from the top of the machine', '/etc', /leads out of/],
    ['that is not there', 'none', /ENOENT/],
  ])('%s', async (_, path, message) => {
    await expect(createFolders({ root }).readTree(path, never)).rejects.toMatchObject({
      code: 'FOLDER_UNUSABLE',
      message: expect.stringMatching(message),
    });
  });

  test('where no folder was opened to Apps', async () => {
    await expect(createFolders({ root: undefined }).readTree('app', never)).rejects.toThrow(/--source-folder/);
  });
});

test.each([
  ['files', { maxFiles: 1 }],
  ['bytes', { maxBytes: 1 }],
])('more %s than are allowed are refused before they are read', async (_, limits) => {
  await expect(createFolders({ root, ...limits }).readTree('app', never)).rejects.toThrow(/more than 1|of 1/);
});
