/** On real files in a temporary folder. */
import { randomBytes } from 'node:crypto';
import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ChosenImage } from '../../core/git-write/marker.ts';
import { writeFiles } from './write-files.ts';

const marked = 'image: a:1 # {"$imagepolicy": "ns:p"}\n';
const done = 'image: r/app:v2 # {"$imagepolicy": "ns:p"}\n';
const images: ReadonlyMap<string, ChosenImage> = new Map([['ns:p', { name: 'r/app', tag: 'v2' }]]);
const { signal } = new AbortController();

let outside = '';
let root = '';

beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 'headgate-write-'));
  root = join(outside, 'tree');
  await mkdir(root);
});

afterEach(async () => {
  await rm(outside, { recursive: true, force: true });
});

async function put(files: Readonly<Record<string, string | Buffer>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

async function write(path = root, isDryRun = false) {
  const writing = { markers: images, images: [], charts: [], values: [] };
  return await writeFiles({ path, writing, isDryRun }, signal);
}

async function read(path: string): Promise<string> {
  return await readFile(join(root, path), 'utf8');
}

describe('which files', () => {
  test.each(['a.yaml', 'a.yml', 'Kustomization', 'sub/deep/er/a.yaml', '.hidden/a.yaml', 'not-a.git/a.yaml'])(
    '%s is written',
    async (path) => {
      await put({ [path]: marked });

      const { changes } = await write();

      expect(await read(path)).toBe(done);
      expect(changes).toEqual([
        { file: join(root, path), line: 1, policy: 'ns:p', field: 'image', old: 'a:1', new: 'r/app:v2' },
      ]);
    },
  );

  test.each(['a.json', 'a.yaml.tpl', 'yaml', 'kustomization', '.git/a.yaml', 'sub/.git/a.yaml'])(
    '%s is left',
    async (path) => {
      await put({ [path]: marked });

      expect(await write()).toEqual({ changes: [], unmarked: ['ns:p'], unplaced: [] });
      expect(await read(path)).toBe(marked);
    },
  );

  test('a single file, also through a link', async () => {
    await put({ 'a.yaml': marked, 'b.yaml': marked });
    await symlink(join(root, 'a.yaml'), join(outside, 'link.yaml'));

    expect((await write(join(outside, 'link.yaml'))).changes).toHaveLength(1);
    expect([await read('a.yaml'), await read('b.yaml')]).toEqual([done, marked]);
  });

  test('links in the tree are not followed, to files or folders, in the tree or out of it', async () => {
    await writeFile(join(outside, 'secret.yaml'), marked);
    await mkdir(join(outside, 'folder'));
    await writeFile(join(outside, 'folder', 'b.yaml'), marked);
    await put({ 'not-yaml.txt': marked });
    await symlink('../secret.yaml', join(root, 'a.yaml'));
    await symlink('../folder', join(root, 'folder'));
    await symlink('.', join(root, 'circle'));
    await symlink('not-yaml.txt', join(root, 'c.yaml'));

    expect((await write()).changes).toEqual([]);
    expect(await readFile(join(outside, 'secret.yaml'), 'utf8')).toBe(marked);
    expect(await readFile(join(outside, 'folder', 'b.yaml'), 'utf8')).toBe(marked);
    expect(await read('not-yaml.txt')).toBe(marked);
  });

  test('in the order of names, folder by folder', async () => {
    await put({ 'b/a.yaml': marked, 'a/z.yaml': marked, 'z.yaml': marked, 'a/b/c.yaml': marked });

    const { changes } = await write();

    expect(changes.map(({ file }) => file.slice(root.length + 1))).toEqual([
      'z.yaml',
      'a/z.yaml',
      'a/b/c.yaml',
      'b/a.yaml',
    ]);
  });
});

describe('how they are written', () => {
  test('mode is kept, nothing else is left behind, and a second run changes nothing', async () => {
    await put({ 'a.yaml': marked, 'b.yaml': 'x: y\n' });
    await chmod(join(root, 'a.yaml'), 0o751);
    const untouched = await stat(join(root, 'b.yaml'));

    await write();

    const { mode, mtimeMs } = await stat(join(root, 'a.yaml'));
    expect((mode & 0o7777).toString(8)).toBe('751');
    expect((await stat(join(root, 'b.yaml'))).ino).toBe(untouched.ino);
    expect(await readdir(root)).toEqual(['a.yaml', 'b.yaml']);
    expect((await write()).changes).toEqual([]);
    expect((await stat(join(root, 'a.yaml'))).mtimeMs).toBe(mtimeMs);
  });

  test('whoever has the old file open goes on to see it whole', async () => {
    await put({ 'a.yaml': marked });
    await link(join(root, 'a.yaml'), join(outside, 'old'));

    await write();

    expect(await readFile(join(outside, 'old'), 'utf8')).toBe(marked);
    expect(await read('a.yaml')).toBe(done);
  });

  test('a dry run tells the same and writes nothing', async () => {
    await put({ 'a.yaml': marked });

    const planned = await write(root, true);

    expect(await read('a.yaml')).toBe(marked);
    expect(await write()).toEqual(planned);
  });

  test('a byte order mark, CRLF and what is no ASCII stay', async () => {
    await put({ 'a.yaml': `\ufeff# Grüße 👋\r\n${marked.replace('\n', '\r\n')}` });

    await write();

    expect(await read('a.yaml')).toBe(`\ufeff# Grüße 👋\r\n${done.replace('\n', '\r\n')}`);
  });
});

describe('one file that cannot be used keeps all from being written', () => {
  test.each([
    { name: 'no YAML', content: `x: {\n${marked}`, says: /b\.yaml:\d+: / },
    {
      name: 'no UTF-8',
      content: Buffer.concat([Buffer.from(`x: "\xff"\n`, 'latin1'), Buffer.from(marked)]),
      says: /b\.yaml: its bytes are no UTF-8/,
    },
    {
      name: 'too large',
      content: Buffer.concat([Buffer.alloc(10 * 2 ** 20, ' \n'), Buffer.from(marked)]),
      says: /b\.yaml: it has 11 MiB; 10 MiB are the most/,
    },
  ])('$name', async ({ content, says }) => {
    await put({ 'a.yaml': marked, 'b.yaml': content, 'c.yaml': marked });

    await expect(write()).rejects.toMatchObject({ code: 'FILE_UNUSABLE', message: expect.stringMatching(says) });
    await expect(write()).rejects.toThrow(/no file was changed$/);
    expect([await read('a.yaml'), await read('c.yaml')]).toEqual([marked, marked]);
  });

  test('each is named', async () => {
    await put({ 'a.yaml': `\t- ${marked}`, 'b/c.yaml': `x: "\n${marked}` });

    await expect(write()).rejects.toThrow(/a\.yaml:1: .*; .*b\/c\.yaml:\d+: /);
  });

  test.each([
    { name: 'a template without these policies', content: '{{- if .x }}\nimage: a:1 # {"$imagepolicy": "ns:q"}\n' },
    { name: 'no YAML and no marker', content: 'a: b: c: "' },
    { name: 'no UTF-8 and no marker', content: randomBytes(4_096) },
  ])('but not $name', async ({ content }) => {
    await put({ 'a.yaml': marked, 'b.yaml': content });

    expect((await write()).changes).toHaveLength(1);
  });

  test('nor a sparse file of 50 MiB without a marker', async () => {
    await put({ 'a.yaml': marked, 'b.yaml': '' });
    await truncate(join(root, 'b.yaml'), 50 * 2 ** 20);

    expect((await write()).changes).toHaveLength(1);
  });

  test('a marker across two pieces of a large file is seen', async () => {
    const half = '"$image';
    const head = `${' '.repeat(2 ** 16 - half.length - 1)}\n${half}policy"\n`;
    await put({ 'b.yaml': Buffer.concat([Buffer.from(head), Buffer.alloc(11 * 2 ** 20, ' \n')]) });

    await expect(write()).rejects.toThrow(/MiB are the most/);
  });

  test.skipIf(process.geteuid?.() === 0)('a folder that may not be written', async () => {
    await put({ 'a.yaml': marked, 'b/c.yaml': marked });
    await chmod(join(root, 'b'), 0o500);

    await expect(write()).rejects.toMatchObject({ code: 'FILE_UNUSABLE', message: expect.stringContaining('EACCES') });
    expect(await read('a.yaml')).toBe(marked);
    expect(await readdir(root)).toEqual(['a.yaml', 'b']);
    await chmod(join(root, 'b'), 0o700);
  });
});

describe('bounds and wrong use', () => {
  test('more than 100 folders in each other', async () => {
    await put({ [`${'d/'.repeat(102)}a.yaml`]: marked });

    await expect(write()).rejects.toThrow(/more than 100 folders in each other; name a folder further down/);
  });

  test.each(['nowhere', 'a.txt'])('%s is no path to write in', async (path) => {
    await put({ 'a.txt': marked });

    await expect(write(join(root, path))).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining(path),
    });
  });

  test('a signal ends it before anything is written', async () => {
    await put({ 'a.yaml': marked });

    const writing = { markers: images, images: [], charts: [], values: [] };

    await expect(writeFiles({ path: root, writing, isDryRun: false }, AbortSignal.abort())).rejects.toThrow(/abort/i);
    expect(await read('a.yaml')).toBe(marked);
  });
});
