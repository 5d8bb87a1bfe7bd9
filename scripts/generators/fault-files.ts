import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cell, faultsPage } from '../../bench/faults/cells.ts';
import { faultRows } from '../../bench/faults/rows.ts';
import type { WayBack } from '../../bench/faults/way-back-line.ts';
import type { GeneratedFile } from './generated-file.ts';

const folder = join(import.meta.dirname, '../../bench/faults');

/** The table of faults, from what `make bench NAME=faults` has measured last. */
export async function faultFiles(): Promise<readonly GeneratedFile[]> {
  const cells: readonly Cell[] = JSON.parse(await readFile(join(folder, 'measured.json'), 'utf8'));
  const waysBack: readonly WayBack[] = JSON.parse(await readFile(join(folder, 'way-back.json'), 'utf8'));
  return [{ path: 'docs/concepts/faults.md', content: faultsPage(Object.values(faultRows), { cells, waysBack }) }];
}
