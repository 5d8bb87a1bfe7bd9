/** Files of this machine, for addresses that others write. */
import { readFile, realpath } from 'node:fs/promises';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Undefined for what is not below the folder, also by a link: whoever may write an address must not read what only this process can. */
export async function readBelow(folder: string | undefined, url: string): Promise<Buffer | undefined> {
  if (folder === undefined) {
    return undefined;
  }
  try {
    const [root, path] = await Promise.all([realpath(folder), realpath(fileURLToPath(url))]);
    return path.startsWith(`${root}${sep}`) ? await readFile(path) : undefined;
  } catch {
    return undefined;
  }
}
