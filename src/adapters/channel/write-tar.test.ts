import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type TarEntry, writeTar } from './write-tar.ts';

const deep = `${'folder-of-some-length/'.repeat(6)}file`;

const entries: readonly TarEntry[] = [
  { kind: 'file', path: 'etc/passwd', content: Buffer.from('root\n') },
  { kind: 'file', path: 'bin/start', content: Buffer.alloc(513, 'x'), mode: 0o755 },
  { kind: 'folder', path: 'tmp', mode: 0o1777 },
  { kind: 'file', path: 'www/ready', content: Buffer.from(''), owner: 65532 },
  { kind: 'link', path: 'bin/sh', target: 'busybox' },
  { kind: 'file', path: deep, content: Buffer.from('deep') },
];

test('GNU tar reads modes, owners, links, long paths and no time', () => {
  const listing = execFileSync('tar', ['--list', '--verbose', '--numeric-owner', '--utc', '--file=-'], {
    input: writeTar(entries),
    encoding: 'utf8',
  });

  const lines = listing
    .trimEnd()
    .split('\n')
    .map((line) => line.replaceAll(/\s+/g, ' '));
  expect(lines).toContain('drwxr-xr-x 0/0 0 1970-01-01 00:00 bin/');
  expect(lines).toContain('-rwxr-xr-x 0/0 513 1970-01-01 00:00 bin/start');
  expect(lines).toContain('lrwxrwxrwx 0/0 0 1970-01-01 00:00 bin/sh -> busybox');
  expect(lines).toContain('drwxrwxrwt 0/0 0 1970-01-01 00:00 tmp/');
  expect(lines).toContain('-rw-r--r-- 65532/65532 0 1970-01-01 00:00 www/ready');
  expect(lines.at(-1)).toBe('-rw-r--r-- 65532/65532 0 1970-01-01 00:00 www/ready');
  expect(listing).toContain(deep);
});

test('GNU tar gives back the content', () => {
  const content = execFileSync('tar', ['--extract', '--to-stdout', '--file=-', deep], { input: writeTar(entries) });

  expect(content.toString()).toBe('deep');
});

test('the order of the entries does not matter', () => {
  const expected = writeTar(entries);

  fc.assert(
    fc.property(fc.shuffledSubarray([...entries], { minLength: entries.length }), (shuffled) =>
      writeTar(shuffled).equals(expected),
    ),
  );
});

test.each([
  { name: 'an absolute path', entry: { path: '/etc/passwd' }, says: 'not a path below the root' },
  { name: 'a path that climbs', entry: { path: 'a/../../b' }, says: 'not a path below the root' },
  { name: 'a name too long', entry: { path: 'x'.repeat(101) }, says: 'too long for the ustar format' },
  { name: 'two entries of one path', entry: { path: 'etc/passwd' }, says: 'two entries for etc/passwd' },
])('refuses $name', ({ entry, says }) => {
  const added: TarEntry = { kind: 'file', content: Buffer.from(''), ...entry };

  expect(() => writeTar([...entries, added])).toThrow(says);
});
