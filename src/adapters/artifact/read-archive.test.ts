import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { ArchiveFault, readArchive } from './read-archive.ts';

const bounds = { maxFiles: 100, maxBytes: 1_000_000 };

test.each([['--format=ustar'], ['--format=gnu'], ['--format=pax']])('what tar %s packs is read', async (format) => {
  const long = `${'long-folder-name/'.repeat(8)}file.yaml`;
  const archive = packByTar({ 'a.yaml': 'a\n', 'deploy/ä.yaml': 'ü\n', [long]: 'l\n', empty: '' }, [format, '.']);

  expect(await shown(archive, '')).toEqual({ 'a.yaml': 'a\n', 'deploy/ä.yaml': 'ü\n', empty: '', [long]: 'l\n' });
  expect(await shown(archive, 'deploy')).toEqual({ 'deploy/ä.yaml': 'ü\n' });
});

test('links are told and not followed', async () => {
  const folder = folderOf({ 'a.yaml': 'a\n' });
  symlinkSync('/etc/passwd', join(folder, 'link'));
  execFileSync('ln', ['a.yaml', 'hard'], { cwd: folder });
  const archive = execFileSync('tar', ['-czf', '-', 'a.yaml', 'hard', 'link'], { cwd: folder });

  expect((await readArchive(archive, '', bounds)).leftOut).toEqual([
    { path: 'hard', reason: 'HardLink' },
    { path: 'link', reason: 'SymbolicLink' },
  ]);
});

test.each([
  { name: '../evil', type: '0' },
  { name: '/etc/passwd', type: '0' },
  { name: 'a/../../b', type: '0' },
  { name: '.git/config', type: '0' },
  { name: '../folder', type: '5' },
  { name: '../link', type: '2' },
  { name: 'a\\b', type: '0' },
])('a name that leads out of it is refused: $name', async ({ name, type }) => {
  await expect(readArchive(gzipSync(entry(name, { type })), '', bounds)).rejects.toThrow('leads out of it');
});

test.each([
  { what: 'text', archive: Buffer.from('hello'), message: 'no gzip archive' },
  { what: 'gzip of text', archive: gzipSync(Buffer.alloc(2_000, 'x')), message: 'no tar archive' },
  { what: 'half a gzip', archive: gzipSync(entry('a', {})).subarray(0, 40), message: 'no gzip archive' },
  { what: 'half a file', archive: gzipSync(entry('a', { size: 5_000 })), message: 'in the middle of a file' },
  { what: 'a size without end', archive: gzipSync(entry('a', { size: 2 ** 32 })), message: 'in the middle of a file' },
  { what: 'a bomb', archive: gzipSync(Buffer.alloc(20_000_000)), message: 'more than 1000000 bytes' },
  {
    what: 'many files',
    archive: gzipSync(Buffer.concat(Array.from({ length: 101 }, (_, at) => entry(`f${at}`, {})))),
    message: 'more than 100 files',
  },
  {
    what: 'a broken second header',
    archive: gzipSync(Buffer.concat([entry('a', {}), Buffer.alloc(512, 1)])),
    message: 'a header in it is not that of tar',
  },
])('$what is refused', async ({ archive, message }) => {
  await expect(readArchive(archive, '', bounds)).rejects.toThrow(message);
});

test('nothing but a fault comes out of any bytes', async () => {
  const anyArchive = fc.oneof(
    fc.uint8Array({ maxLength: 3_000 }),
    fc
      .tuple(
        fc.string(),
        fc.constantFrom('0', '1', '2', '5', 'x', 'L', 'g', 'K', '3'),
        fc.uint8Array({ maxLength: 600 }),
      )
      .map(([name, type, content]) => Buffer.concat([entry(name, { type, size: content.length }), content])),
  );
  await fc.assert(
    fc.asyncProperty(anyArchive, async (bytes) => {
      const outcome = await readArchive(gzipSync(bytes), '', bounds).catch((error: unknown) => error);
      if (outcome instanceof Error) {
        expect(outcome).toBeInstanceOf(ArchiveFault);
      }
    }),
  );
});

async function shown(archive: Buffer, path: string): Promise<Readonly<Record<string, string>>> {
  const { files } = await readArchive(archive, path, bounds);
  return Object.fromEntries(files.map((file) => [file.path, file.content.toString()]));
}

function packByTar(files: Readonly<Record<string, string>>, words: readonly string[]): Buffer {
  return execFileSync('tar', ['-czf', '-', ...words], { cwd: folderOf(files) });
}

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-tar-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** A header alone, with a right checksum; with nothing behind it, whatever size it says. */
function entry(name: string, { type = '0', size = 0 }: { readonly type?: string; readonly size?: number }): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0, 100);
  block.write('0000644\0', 100);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write(' '.repeat(8), 148);
  block.write(type, 156);
  block.write('ustar\0' + '00', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
