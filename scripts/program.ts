/**
 * Writes `headgate` as one file that a machine with Node 24.15 or newer can run: no clone, no packages beside it.
 *
 * usage: node scripts/program.ts FILE
 */
import { chmod, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleProgram } from './product-image/program-layer.ts';

const [file] = process.argv.slice(2);
if (file === undefined) {
  throw new Error('usage: node scripts/program.ts FILE');
}
const { entries } = await bundleProgram(fileURLToPath(new URL('../src/main.ts', import.meta.url)));
for (const entry of entries) {
  if (entry.kind === 'file') {
    await writeFile(file, Buffer.concat([Buffer.from('#!/usr/bin/env node\n'), entry.content]));
    await chmod(file, 0o755);
  }
}
