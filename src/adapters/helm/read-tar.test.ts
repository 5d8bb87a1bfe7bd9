import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readTgz } from './read-tar.ts';

/** One entry as tar writes it; `fields` are laid over a header that is right. */
function entry(path: string, content = '', { type = '0', size = content.length } = {}): Buffer {
  const header = Buffer.alloc(512);
  header.write(path, 0, 100);
  header.write('0000644', 100);
  header.write(size.toString(8).padStart(11, '0'), 124);
  header.write(type, 156);
  header.write('ustar\x0000', 257);
  return Buffer.concat([header, Buffer.from(content), Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

const archiveOf = (...entries: readonly Buffer[]) => gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]));

test('reads files, long names and pax paths included', async () => {
  const long = `demo/${'a'.repeat(120)}`;
  const archive = archiveOf(
    entry('demo/', '', { type: '5' }),
    entry('demo/Chart.yaml', 'name: demo'),
    entry('././@LongLink', `${long}\0`, { type: 'L' }),
    entry('demo/short', 'one'),
    entry('pax', '21 path=demo/from-pax\n', { type: 'x' }),
    entry('demo/other', 'two'),
    entry('./demo/dotted', 'three'),
  );

  const files = await readTgz(archive, 'it');

  expect(files.map(({ path, content }) => [path, content.toString()])).toEqual([
    ['demo/Chart.yaml', 'name: demo'],
    [long, 'one'],
    ['demo/from-pax', 'two'],
    ['demo/dotted', 'three'],
  ]);
});

describe('refuses', () => {
  test.each([
    { name: 'a symbolic link', archive: archiveOf(entry('demo/a', '', { type: '2' })), says: '"demo/a" is a link' },
    { name: 'a hard link', archive: archiveOf(entry('demo/a', '', { type: '1' })), says: 'is a link' },
    { name: 'a device', archive: archiveOf(entry('demo/a', '', { type: '3' })), says: 'neither file nor folder' },
    { name: 'a way out', archive: archiveOf(entry('demo/../../etc/passwd', 'x')), says: 'leads out of the archive' },
    { name: 'an absolute path', archive: archiveOf(entry('/etc/passwd', 'x')), says: 'leads out of the archive' },
    { name: 'a bomb', archive: gzipSync(Buffer.alloc(101 * 1024 * 1024)), says: 'unpacks to more than 100 MiB' },
    { name: 'what is no gzip', archive: Buffer.from('PK zip'), says: 'it is no gzip' },
    { name: 'what is cut off', archive: gzipSync(entry('demo/a', 'x', { size: 9_999 })), says: 'it is cut off' },
  ])('$name', async ({ archive, says }) => {
    await expect(readTgz(archive, 'the chart')).rejects.toThrow(says);
  });
});
