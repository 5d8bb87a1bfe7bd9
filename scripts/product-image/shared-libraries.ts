import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { TarEntry } from '../../src/adapters/channel/write-tar.ts';

/** Every file that the dynamic linker would load for a program, at the same path as here. */
export async function sharedLibraries(program: string): Promise<TarEntry[]> {
  const { stdout } = await promisify(execFile)('ldd', [program]);
  const paths = [...stdout.matchAll(/(?:^|=>)\s+(\/\S+) \(0x[0-9a-f]+\)$/gm)].map((match) => match[1] ?? '');
  if (!paths.some((path) => path.includes('/libc.so'))) {
    throw new Error(`read the libraries of ${program} by ldd: no libc in ${stdout}`);
  }
  return Promise.all(
    [...new Set(paths)].map(
      async (path): Promise<TarEntry> => ({
        kind: 'file',
        path: path.slice(1),
        content: await readFile(path),
        mode: 0o755,
      }),
    ),
  );
}
