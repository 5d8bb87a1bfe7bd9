/** A channel in a folder: each file is there wholly or not at all. */
import { randomUUID } from 'node:crypto';
import { type FileHandle, link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { OperationError } from '../../core/errors.ts';
import { type ChannelStore, hasSameBytes, showsAtOnce } from './store.ts';

/** Of files that are being written; readers are never told of them. */
const unfinished = '.unfinished-';

/** Makes the folder with the first file. */
export function createFolderStore(folder: string): ChannelStore {
  const at = <T>(what: string, path: string, act: () => Promise<T>) => described(`${what} ${join(folder, path)}`, act);
  return {
    ...showsAtOnce,
    place: folder,
    read: (path) =>
      at('read', path, async () => {
        try {
          return await readFile(join(folder, path));
        } catch (error) {
          return orNothing(error, undefined);
        }
      }),
    list: () => at('list', '', () => listFiles(folder)),
    listTimes: () =>
      at('list', '', async () => {
        const times = new Map<string, Date>();
        for (const path of await listFiles(folder)) {
          const found = await stat(join(folder, path)).catch((error: unknown) => orNothing(error, undefined));
          times.set(path, found?.mtime ?? new Date(0));
        }
        return times;
      }),
    write: (path, bytes) => at('write', path, () => writeWholly(join(folder, path), bytes, rename)),
    async create(path, bytes, signal) {
      const isMade = await at('write', path, () => writeUnlessThere(join(folder, path), bytes));
      return isMade || (await hasSameBytes(this, path, bytes, signal));
    },
    remove: (path) => at('remove', path, () => rm(join(folder, path), { force: true })),
  };
}

async function listFiles(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && !entry.name.startsWith(unfinished));
    return files.map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'));
  } catch (error) {
    return orNothing(error, []);
  }
}

/** On disk before it has its name, and its name on disk before the next file is written. @param name gives it its name */
async function writeWholly(
  path: string,
  bytes: Uint8Array,
  name: (unnamed: string, path: string) => Promise<void>,
): Promise<void> {
  const parent = dirname(path);
  await mkdir(parent, { recursive: true });
  const unnamed = join(parent, `${unfinished}${randomUUID()}`);
  try {
    await closing(await open(unnamed, 'wx', 0o644), async (file) => {
      await file.writeFile(bytes);
      await file.sync();
    });
    await name(unnamed, path);
    await closing(await open(parent, 'r'), (opened) => opened.sync());
  } finally {
    await rm(unnamed, { force: true }).catch(() => undefined);
  }
}

/** @returns whether it was written */
async function writeUnlessThere(path: string, bytes: Uint8Array): Promise<boolean> {
  try {
    // A link, unlike a rename, takes nobody's place.
    await writeWholly(path, bytes, link);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

async function closing(file: FileHandle, act: (file: FileHandle) => Promise<void>): Promise<void> {
  try {
    await act(file);
  } finally {
    await file.close();
  }
}

function orNothing<T>(error: unknown, nothing: T): T {
  if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
    return nothing;
  }
  throw error;
}

async function described<T>(what: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new OperationError(`${what} of the channel: ${problem}`, {
      code: 'CHANNEL_STORE_UNUSABLE',
      retry: 'backoff',
      cause: error,
    });
  }
}
