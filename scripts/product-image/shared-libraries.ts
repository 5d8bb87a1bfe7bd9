import { readFile } from 'node:fs/promises';
import type { TarEntry } from '../../src/adapters/channel/write-tar.ts';
import type { SystemFiles } from './system/system.ts';

/**
 * Every file that the dynamic linker would load for a program, at the same path as the system has it.
 *
 * @param program as a file of this machine
 */
export async function sharedLibraries(program: string, system: SystemFiles): Promise<TarEntry[]> {
  const paths = await system.librariesOf(program);
  return Promise.all(
    paths.map(
      async (path): Promise<TarEntry> => ({
        kind: 'file',
        path: path.slice(1),
        content: await readFile(await system.fileOf(path)),
        mode: 0o755,
      }),
    ),
  );
}
