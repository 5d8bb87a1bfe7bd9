import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cell, faultsPage } from '../../bench/faults/cells.ts';
import { faultRows } from '../../bench/faults/rows.ts';
import type { GeneratedFile } from './generated-file.ts';

const measured = join(import.meta.dirname, '../../bench/faults/measured.json');

/** The table of faults, from what `make bench NAME=faults` has measured last. */
export async function faultFiles(): Promise<readonly GeneratedFile[]> {
  const cells: readonly Cell[] = JSON.parse(await readFile(measured, 'utf8'));
  return [{ path: 'docs/concepts/faults.md', content: faultsPage(Object.values(faultRows), cells) }];
}
