/** The layer with the programs that Headgate runs: the real helm and kubectl, static Go programs that need nothing else. */
import { readFile } from 'node:fs/promises';
import type { TarEntry } from '../../src/adapters/channel/write-tar.ts';
import type { System } from './system/system.ts';

export async function makeToolLayer({ tools }: Pick<System, 'tools'>): Promise<TarEntry[]> {
  return await Promise.all(
    Object.entries(tools).map(
      async ([name, path]): Promise<TarEntry> => ({
        kind: 'file',
        path: `usr/local/bin/${name}`,
        content: await readFile(path),
        mode: 0o755,
      }),
    ),
  );
}
