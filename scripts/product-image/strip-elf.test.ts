import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { stripElf } from './strip-elf.ts';

test('the program that runs this test works without its sections, and is smaller', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-strip-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const original = readFileSync(process.execPath);
  const program = join(folder, 'node');

  const stripped = stripElf(original);
  writeFileSync(program, stripped);
  chmodSync(program, 0o755);

  expect(stripped.length).toBeLessThanOrEqual(original.length);
  expect(execFileSync(program, ['--print', '6 * 7'], { encoding: 'utf8' })).toBe('42\n');
  expect(stripElf(stripped).equals(stripped)).toBe(true);
});

test.each([
  { name: 'a script', content: '#!/bin/sh\n' },
  { name: 'nothing', content: '' },
  { name: 'a 32-bit program', content: '\x7fELF\x01\x01' },
])('refuses $name', ({ content }) => {
  expect(() => stripElf(Buffer.from(content, 'latin1'))).toThrow('not a little-endian 64-bit ELF file');
});
