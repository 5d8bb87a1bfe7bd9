/** The web UI in the product's image. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { TarEntry } from '../../src/adapters/channel/write-tar.ts';
import { buildPages } from './build-pages.ts';

/** Absolute path of the folder in the image; the chart gives it to `--ui-folder`. */
const pagesPath = '/app/ui';

export async function makePagesLayer(): Promise<TarEntry[]> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-pages-'));
  try {
    await buildPages(folder);
    const found = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = found.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
    const entries = files.toSorted().map(async (file): Promise<TarEntry> => {
      const path = `${pagesPath.slice(1)}/${relative(folder, file)}`;
      return { kind: 'file', path, content: await readFile(file) };
    });
    return await Promise.all(entries);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
