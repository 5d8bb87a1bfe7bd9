import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const script = fileURLToPath(new URL('program.ts', import.meta.url));
test('the program as one file runs far from its sources', () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-program-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const program = join(folder, 'headgate');

  execFileSync(process.execPath, [script, program]);

  expect(execFileSync(program, ['--help'], { cwd: folder, encoding: 'utf8' })).toMatch(/^Usage: headgate /);
});
