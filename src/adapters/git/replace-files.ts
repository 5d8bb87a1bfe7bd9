/** Other texts in files, all or none, and never half of one. */
import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { unusable } from './yaml-files.ts';

export interface NewFile {
  readonly path: string;
  readonly text: string;
  /** Of the file as it was: mode and owner are kept. */
  readonly stats: Stats;
}

/**
 * Replaces files: every new text is written beside its file and synced first; only then each takes its file's place in one
 * step. When one cannot be written, all files are as before.
 *
 * @param files made one by one, so that one text at a time is held
 * @throws FILE_UNUSABLE; it says so when the last step stopped half-way
 */
export async function replaceFiles(files: AsyncIterable<NewFile>, signal: AbortSignal): Promise<void> {
  const staged: { readonly path: string; readonly temporary: string }[] = [];
  let replaced = 0;
  try {
    for await (const file of files) {
      signal.throwIfAborted();
      const temporary = join(dirname(file.path), `.headgate-${randomUUID()}`);
      staged.push({ path: file.path, temporary });
      await writeBeside(temporary, file);
    }
    for (const { path, temporary } of staged) {
      await rename(temporary, path).catch((error: unknown) => {
        throw unusable(`replace ${path} after ${replaced} of ${staged.length} files were replaced`, error);
      });
      replaced += 1;
    }
  } finally {
    for (const { temporary } of staged.slice(replaced)) {
      await rm(temporary, { force: true });
    }
  }
}

async function writeBeside(temporary: string, { path, text, stats }: NewFile): Promise<void> {
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      if (process.geteuid?.() === 0) {
        await handle.chown(stats.uid, stats.gid);
      }
      const permissions = 0o7777;
      await handle.chmod(stats.mode & permissions);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unusable(`write ${path}`, error);
  }
}
