import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { digest } from '../../test/fixtures.ts';
import { createChannelServer } from '../server/channel.ts';
import { runProgram } from './program.ts';

let top: string;
let server: FastifyInstance;
let url: string;

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'channel-cli-'));
  server = createChannelServer({ folder: top });
  url = `${await server.listen({ host: '127.0.0.1', port: 0 })}/stable/`;
});

afterEach(async () => {
  await server.close();
  await rm(top, { recursive: true, force: true });
});

async function headgate(...words: readonly string[]): Promise<{ readonly code: number; readonly text: string }> {
  let text = '';
  const out = (part: string) => {
    text += part;
  };
  const code = await runProgram(['channel', ...words], { out, error: out, signal: new AbortController().signal });
  return { code, text };
}

/** It has to succeed. */
async function succeed(...words: readonly string[]): Promise<string> {
  const { code, text } = await headgate(...words);
  expect([code, text], text).toEqual([0, text]);
  return text;
}

const at = (path: string) => join(top, path);
const channel = () => ['--store', at('stable'), '--keys', at('keys')] as const;

async function releaseFile(sequence: number, tag = `1.${sequence}.0`): Promise<string> {
  const version = {
    source: 'image',
    kind: 'Image',
    location: 'ghcr.io/org/web',
    tag,
    digest: digest(String(sequence)),
  };
  const apps = [{ name: 'web', namespace: 'hub', definition: '{}', versions: [version] }];
  const spec = { channel: 'stable', sequence, createdAt: '2030-01-01T00:00:00Z', apps };
  const file = at(`r${sequence}.json`);
  await writeFile(file, JSON.stringify({ metadata: { name: `r${sequence}` }, spec }));
  return file;
}

const verify = (...words: readonly string[]) =>
  headgate('verify', url, '--root', at('stable/1.root.json'), '--allow-outbound', '127.0.0.0/8', ...words);

test('a channel is made, published, verified, withdrawn from, and its keys are changed', async () => {
  expect(await succeed('init', ...channel())).toContain('hand out root.json');
  expect((await readdir(at('keys'))).toSorted()).toEqual([
    'root-1.pem',
    'root-2.pem',
    'snapshot.pem',
    'targets.pem',
    'timestamp.pem',
  ]);
  expect(await succeed('keys', '--store', at('stable'))).toMatch(
    /^root 1, expires .*\nroot \(2 of 2\) [0-9a-f]{64} ed25519/,
  );

  await succeed('publish', ...channel(), '--release', await releaseFile(1));
  await succeed('publish', ...channel(), '--release', await releaseFile(2));
  expect(await succeed('publish', ...channel())).toContain('nothing is new');
  expect((await verify()).text).toMatch(
    /channel stable, root 1, .*: 3 files are what was signed\nr1 \(1\).*\nr2 \(2\)/,
  );

  await succeed('withdraw', 'r2', ...channel(), '--reason', 'loses data');
  expect((await verify()).text).toContain('withdrawn: loses data');

  await succeed('init', '--store', at('other'), '--keys', at('new-keys'));
  await succeed('rotate', ...channel(), '--new-keys', at('new-keys'));
  expect(await headgate('publish', ...channel())).toMatchObject({
    code: 1,
    text: expect.stringContaining('asks for 1 of its 1 keys'),
  });
  await succeed('publish', '--store', at('stable'), '--keys', at('new-keys'));
  expect((await verify()).text).toContain('channel stable, root 2');
});

test('a root is signed by several people in turn', async () => {
  await succeed('init', ...channel());
  await succeed('publish', ...channel(), '--release', await releaseFile(1));
  await rm(at('keys/root-2.pem.kept'), { force: true });
  const second = at('second.pem');
  await writeFile(second, await readFile(at('keys/root-2.pem')));
  await rm(at('keys/root-2.pem'));
  const root = at('next-root.json');
  expect(await headgate('rotate', ...channel())).toMatchObject({
    code: 1,
    text: expect.stringContaining('too few signatures'),
  });
  await succeed('rotate', ...channel(), '--out', root);
  expect((await headgate('publish-root', root, '--store', at('stable'))).code).toBe(1);
  await succeed('sign', root, '--key', second);
  await succeed('publish-root', root, '--store', at('stable'));
  expect((await verify()).text).toContain('root 2');
});

test('a command signs in place of keys, as one for a KMS would', async () => {
  await succeed('init', ...channel());
  const program = at('sign');
  // Openssl signs a file; the key that it takes lies where nobody but it looks.
  await writeFile(
    program,
    '#!/bin/sh\ncat > "$HEADGATE_KEY.bytes"\nopenssl pkeyutl -sign -rawin -inkey "$(dirname "$HEADGATE_KEY")/../vault/$(basename "$HEADGATE_KEY" .pub).pem" -in "$HEADGATE_KEY.bytes" | base64 -w0\n',
    { mode: 0o755 },
  );
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  const script =
    'mkdir vault; for role in targets snapshot timestamp; do openssl pkey -in keys/$role.pem -pubout -out keys/$role.pub; mv keys/$role.pem vault/; done';
  await promisify(execFile)('sh', ['-c', script], { cwd: top });

  expect(await headgate('publish', ...channel())).toMatchObject({
    code: 1,
    text: expect.stringContaining('--sign-command'),
  });
  await succeed('publish', ...channel(), '--sign-command', program, '--release', await releaseFile(1));
  expect((await verify()).text).toContain('r1 (1)');
});

test('a Release goes on a stick, and is verified where it arrives', async () => {
  await succeed('init', ...channel());
  await succeed('publish', ...channel(), '--release', await releaseFile(1));
  await succeed('publish', ...channel(), '--release', await releaseFile(2));
  await succeed('export', 'r2', '--store', at('stable'), '--out', at('r2.tgz'), '--without-images');
  await succeed('export', 'r2', '--store', at('stable'), '--out', at('again.tgz'), '--without-images');
  expect(await readFile(at('r2.tgz'))).toEqual(await readFile(at('again.tgz')));

  const root = at('stable/1.root.json');
  expect(await succeed('import', at('r2.tgz'), '--store', at('arrived'), '--root', root)).toBe('imported r2\n');
  expect(await readFile(at('arrived/timestamp.json'))).toEqual(await readFile(at('stable/timestamp.json')));

  await succeed('init', '--store', at('other'), '--keys', at('other-keys'));
  const strangers = await headgate('import', at('r2.tgz'), '--store', at('nowhere'), '--root', at('other/root.json'));
  expect(strangers).toMatchObject({ code: 1, text: expect.stringContaining('timestamp') });
  await expect(readdir(at('nowhere'))).rejects.toThrow('ENOENT');
});

describe('refused', () => {
  test.each<{ title: string; words: () => readonly string[]; says: string; code: number }>([
    { title: 'no such action', words: () => ['fly'], says: '"fly" is no action', code: 2 },
    { title: 'no folder', words: () => ['keys'], says: '--store is missing', code: 2 },
    {
      title: 'a folder without a channel',
      words: () => ['publish', ...channel()],
      says: 'it has no 1.root.json',
      code: 1,
    },
    {
      title: 'fewer keys than have to sign',
      words: () => ['init', ...channel(), '--root-keys', '1'],
      says: 'signed with 2 keys, and it has 1',
      code: 1,
    },
    { title: 'no number', words: () => ['init', ...channel(), '--root-keys', 'x'], says: '"x" is no number', code: 2 },
  ])('$title', async ({ words, says, code }) => {
    expect(await headgate(...words())).toMatchObject({ code, text: expect.stringContaining(says) });
  });

  test('a second channel in the same folder, a Release that changed, a withdrawal of nothing, what is no Release', async () => {
    await succeed('init', ...channel());
    expect(await headgate('init', ...channel())).toMatchObject({ code: 1, text: expect.stringContaining('2 is next') });
    await succeed('publish', ...channel(), '--release', await releaseFile(1));
    const changed = await headgate('publish', ...channel(), '--release', await releaseFile(1, '9.9.9'));
    expect(changed).toMatchObject({ code: 1, text: expect.stringContaining('a Release cannot be changed') });
    const gone = await headgate('withdraw', 'r9', ...channel(), '--reason', 'bad');
    expect(gone).toMatchObject({ code: 1, text: expect.stringContaining('it has r1') });
    await writeFile(at('x.json'), '{"a":1}');
    const none = await headgate('publish', ...channel(), '--release', at('x.json'));
    expect(none).toMatchObject({ code: 1, text: expect.stringContaining('it is no Release') });
    await writeFile(at('keys/targets.pem'), 'nonsense');
    const wrong = await headgate('publish', ...channel());
    expect(wrong).toMatchObject({ code: 1, text: expect.stringContaining('targets.pem is no private key') });
  });
});
