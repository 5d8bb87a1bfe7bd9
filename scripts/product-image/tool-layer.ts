/** The layer with the programs that Headgate runs: the real helm and kubectl, static Go programs that need nothing else. */
import { readFile } from 'node:fs/promises';
import type { TarEntry } from '../../src/adapters/channel/write-tar.ts';
import { locateTools } from '../../test/cluster/binaries.ts';

/** The same versions as the tests have; which ones stands in test/cluster/tools.ts. */
export async function makeToolLayer(): Promise<TarEntry[]> {
  const paths = await locateTools(['helm', 'kubectl']);
  return await Promise.all(
    Object.entries(paths).map(
      async ([name, path]): Promise<TarEntry> => ({
        kind: 'file',
        path: `usr/local/bin/${name}`,
        content: await readFile(path),
        mode: 0o755,
      }),
    ),
  );
}
