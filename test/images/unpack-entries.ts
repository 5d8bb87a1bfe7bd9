import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TarEntry } from '../../src/adapters/channel/write-tar.ts';

/** Files of an image as a folder that a program can take for its root, with an empty file where a container has /dev/null. */
export async function unpackEntries(entries: readonly TarEntry[], folder: string): Promise<void> {
  const nothing: TarEntry = { kind: 'file', path: 'dev/null', content: Buffer.alloc(0) };
  for (const entry of [...entries, nothing]) {
    const path = join(folder, entry.path);
    await mkdir(entry.kind === 'folder' ? path : dirname(path), { recursive: true });
    if (entry.kind === 'file') {
      await writeFile(path, entry.content, { mode: entry.mode ?? 0o644 });
    } else if (entry.kind === 'link') {
      await symlink(entry.target, path);
    }
  }
}
