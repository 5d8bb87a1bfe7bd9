import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { stripElf } from '../strip-elf.ts';
import { ownFiles } from './own-system.ts';
import { isElf, readElf } from './read-elf.ts';

const own = ownFiles();

test('the program that runs this test says its processor, its linker and its libraries, with sections and without', () => {
  const program = readFileSync(process.execPath);

  const read = readElf(program);

  expect(read.architecture).toBe(own.architecture);
  expect(read.interpreter).toMatch(/^\/lib.*\/ld-linux-[^/]+$/);
  expect(read.needed).toContain('libc.so.6');
  expect(readElf(stripElf(program))).toEqual(read);
});

test('the linker loads what the program names, and what that needs', async () => {
  const loaded = await own.librariesOf(process.execPath);
  const { needed } = readElf(readFileSync(process.execPath));

  const names = loaded.map((path) => path.split('/').at(-1));
  expect(names).toEqual(expect.arrayContaining(needed.filter((name) => !name.startsWith('ld-linux'))));
});

test.each([
  { name: 'a script', content: '#!/bin/sh\n' },
  { name: 'nothing', content: '' },
  { name: 'a 32-bit program', content: '\x7fELF\x01\x01' },
])('refuses $name', ({ content }) => {
  const bytes = Buffer.from(content, 'latin1');
  expect(isElf(bytes)).toBe(false);
  expect(() => readElf(bytes)).toThrow('not a little-endian 64-bit ELF file');
});
