/** Fulfils the engine's Folders: files on this machine, below one folder and nowhere else. */
import { createHash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { OperationError } from '../../core/errors.ts';
import type { Folders } from '../../engine/ports/manifest-files.ts';
import type { LeftOut, SourceFile } from '../../engine/ports/source-tree.ts';

export interface FoldersOptions {
  /** Undefined: no App may read from this machine. */
  readonly root: string | undefined;
  readonly maxFiles?: number;
  /** Of all files together. */
  readonly maxBytes?: number;
}

interface Found {
  readonly path: string;
  /** Changes with every change of the file that an editor or git can make. */
  readonly stamp: string;
  readonly sizeBytes: number;
}

interface Kept {
  readonly stamp: string;
  readonly content: Buffer;
  readonly hash: string;
}

const defaultMaxFiles = 20_000;
const defaultMaxBytes = 64 * 2 ** 20;
const deepestFolder = 32;
/** Folders whose files are kept. */
const mostFolders = 2_000;

export function createFolders(options: FoldersOptions): Folders {
  /** Files of each folder as they were read last; one that was not touched is not read again. */
  const folders = new Map<string, ReadonlyMap<string, Kept>>();
  return {
    async readTree(path, signal) {
      const base = placeOf(options.root, path);
      const limits = { maxFiles: options.maxFiles ?? defaultMaxFiles, maxBytes: options.maxBytes ?? defaultMaxBytes };
      const { found, leftOut } = await listFiles(base, path, limits);
      const kept = folders.get(base);
      const next = new Map<string, Kept>();
      for (const one of found) {
        signal.throwIfAborted();
        const known = kept?.get(one.path);
        next.set(one.path, known?.stamp === one.stamp ? known : await read(join(base, one.path), one, path));
      }
      remember(folders, base, next);
      const files: SourceFile[] = found.map((one) => ({
        path: one.path,
        content: contentOf(next, one.path),
      }));
      const hash = createHash('sha256');
      for (const { path: name } of found) {
        hash.update(`${name}\0${next.get(name)?.hash ?? ''}\0`);
      }
      return { files, leftOut, digest: `sha256:${hash.digest('hex')}` };
    },
  };
}

function contentOf(kept: ReadonlyMap<string, Kept>, path: string): Buffer {
  return kept.get(path)?.content ?? Buffer.alloc(0);
}

/** The folder that was not read for longest makes room. */
function remember(
  folders: Map<string, ReadonlyMap<string, Kept>>,
  base: string,
  files: ReadonlyMap<string, Kept>,
): void {
  folders.delete(base);
  folders.set(base, files);
  const [oldest] = folders.keys();
  if (folders.size > mostFolders && oldest !== undefined) {
    folders.delete(oldest);
  }
}

/** A path that leads out of the root is refused by its text alone; links are never followed. */
function placeOf(root: string | undefined, path: string): string {
  if (root === undefined) {
    throw unusable(path, 'Headgate was not told to read from a folder (--source-folder)');
  }
  const inside = normalize(path);
  if (inside.startsWith('..') || inside.startsWith(sep) || path.includes('\0')) {
    throw unusable(path, 'it leads out of the folder that Headgate reads from; write a path below it');
  }
  return join(root, inside);
}

interface Listing {
  readonly base: string;
  /** As the App writes it, for messages. */
  readonly what: string;
  readonly maxFiles: number;
  readonly maxBytes: number;
  readonly found: Found[];
  readonly leftOut: LeftOut[];
  bytes: number;
}

async function listFiles(
  base: string,
  what: string,
  limits: { readonly maxFiles: number; readonly maxBytes: number },
): Promise<{ readonly found: readonly Found[]; readonly leftOut: readonly LeftOut[] }> {
  const listing: Listing = { base, what, ...limits, found: [], leftOut: [], bytes: 0 };
  await visit(listing, '', 0);
  const found = listing.found.sort((left, right) => (left.path < right.path ? -1 : 1));
  return { found, leftOut: listing.leftOut };
}

async function visit(listing: Listing, folder: string, depth: number): Promise<void> {
  if (depth > deepestFolder) {
    throw unusable(listing.what, `folders in it are more than ${deepestFolder} deep`);
  }
  const entries = await readdir(join(listing.base, folder), { withFileTypes: true }).catch((error: unknown) => {
    throw unusable(listing.what, (error as NodeJS.ErrnoException).code ?? 'cannot be read', error);
  });
  for (const entry of entries) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (!entry.isDirectory()) {
      await note(listing, path, entry);
    } else if (entry.name !== '.git') {
      await visit(listing, path, depth + 1);
    }
  }
}

async function note(listing: Listing, path: string, entry: Dirent): Promise<void> {
  if (!entry.isFile()) {
    listing.leftOut.push({ path, reason: entry.isSymbolicLink() ? 'SymbolicLink' : 'SpecialFile' });
    return;
  }
  const { size, mtimeMs, ino, ctimeMs } = await lstat(join(listing.base, path));
  listing.bytes += size;
  listing.found.push({ path, sizeBytes: size, stamp: `${ino}/${size}/${mtimeMs}/${ctimeMs}` });
  const { maxFiles, maxBytes } = listing;
  if (listing.found.length > maxFiles || listing.bytes > maxBytes) {
    throw unusable(listing.what, `more than ${maxFiles} files, or more than ${maxBytes} bytes (at ${path})`);
  }
}

async function read(place: string, { stamp, sizeBytes }: Found, what: string): Promise<Kept> {
  try {
    const file = await open(place, 'r');
    try {
      const content = Buffer.alloc(sizeBytes);
      const { bytesRead } = await file.read(content, 0, sizeBytes, 0);
      const whole = content.subarray(0, bytesRead);
      return { stamp, content: whole, hash: createHash('sha256').update(whole).digest('hex') };
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unusable(what, (error as NodeJS.ErrnoException).code ?? 'cannot be read', error);
  }
}

function unusable(path: string, what: string, cause?: unknown): OperationError {
  return new OperationError(`read folder "${path}": ${what}`, {
    code: 'FOLDER_UNUSABLE',
    retry: 'backoff',
    context: { path },
    ...(cause === undefined ? {} : { cause }),
  });
}
