/** The YAML files of a work tree that could have a marker, chosen as Flux's image-automation-controller chooses them. */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { OperationError } from '../../core/errors.ts';

/** Larger ones are looked through for a marker, but never read as YAML. */
const largestFileBytes = 10 * 2 ** 20;
const mostFiles = 100_000;
const mostEntries = 2_000_000;
const deepestFolder = 100;

/**
 * Lists the files under a folder (or the one file) by path relative to it, in the order of their names, folder by folder.
 * Symbolic links are not followed, whatever they lead to; folders and files named `.git` are left out.
 *
 * @throws FILE_UNUSABLE when a folder cannot be read, or there are more than 100,000 files, 2,000,000 entries or 100 folders
 *   in each other
 */
export async function listYamlFiles(root: string, signal: AbortSignal): Promise<readonly string[]> {
  const files: string[] = [];
  const folders = [{ path: '', depth: 0 }];
  let entryCount = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    signal.throwIfAborted();
    const { path, depth } = folder;
    const entries = await readFolder(join(root, path));
    entryCount += entries.length;
    files.push(
      ...entries.filter((entry) => entry.isFile() && isYamlName(entry.name)).map(({ name }) => join(path, name)),
    );
    const inner = entries.filter((entry) => entry.isDirectory() && entry.name !== '.git');
    folders.push(...inner.map(({ name }) => ({ path: join(path, name), depth: depth + 1 })).toReversed());
    checkBounds(root, { files: files.length, entries: entryCount, depth });
  }
  return files;
}

/** `*.yaml`, `*.yml` and `Kustomization`. */
export function isYamlName(path: string): boolean {
  return ['.yaml', '.yml'].includes(extname(path)) || basename(path) === 'Kustomization';
}

/** A text, or why there is none: too large, not UTF-8. */
export type MarkedFile =
  | { readonly kind: 'Text'; readonly text: string; readonly stats: Stats }
  | { readonly kind: 'Unmarked' }
  | { readonly kind: 'Unreadable'; readonly reason: string };

/**
 * Reads a file when it contains one of the tokens; a byte order mark stays in the text. Memory: 10 MiB at most.
 *
 * @throws FILE_UNUSABLE when it cannot be opened or read
 */
export async function readMarkedFile(path: string, tokens: readonly string[]): Promise<MarkedFile> {
  const handle = await openFile(path);
  try {
    const stats = await handle.stat();
    if (stats.size > largestFileBytes) {
      const reason = `it has ${Math.ceil(stats.size / 2 ** 20)} MiB; ${largestFileBytes / 2 ** 20} MiB are the most`;
      return (await hasToken(
        handle,
        tokens.map((token) => Buffer.from(token)),
      ))
        ? { kind: 'Unreadable', reason }
        : { kind: 'Unmarked' };
    }
    const bytes = await handle.readFile();
    return tokens.some((token) => bytes.includes(token)) ? decode(bytes, stats) : { kind: 'Unmarked' };
  } catch (error) {
    throw unusable(`read ${path}`, error);
  } finally {
    await handle.close();
  }
}

function decode(bytes: Buffer, stats: Stats): MarkedFile {
  try {
    return { kind: 'Text', text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), stats };
  } catch {
    return { kind: 'Unreadable', reason: 'its bytes are no UTF-8' };
  }
}

/** Piece by piece, with an overlap in which a token across two pieces is found. */
async function hasToken(handle: FileHandle, tokens: readonly Buffer[]): Promise<boolean> {
  const piece = Buffer.alloc(2 ** 16);
  const overlap = Math.max(0, ...tokens.map((token) => token.length));
  for (let position = 0; ; position += piece.length - overlap) {
    const { bytesRead } = await handle.read(piece, 0, piece.length, position);
    const read = piece.subarray(0, bytesRead);
    if (tokens.some((token) => read.includes(token))) {
      return true;
    }
    if (bytesRead < piece.length) {
      return false;
    }
  }
}

async function readFolder(path: string) {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  } catch (error) {
    throw unusable(`read folder ${path}`, error);
  }
}

/** Not through a symbolic link that took the place of the file since it was listed. */
async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw unusable(`read ${path}`, error);
  }
}

function checkBounds(root: string, counted: { files: number; entries: number; depth: number }): void {
  const tooMany =
    (counted.files > mostFiles && `more than ${mostFiles} YAML files`) ||
    (counted.entries > mostEntries && `more than ${mostEntries} files and folders`) ||
    (counted.depth > deepestFolder && `more than ${deepestFolder} folders in each other`);
  if (tooMany) {
    throw unusable(`look for YAML files in ${root}`, new Error(`${tooMany}; name a folder further down`));
  }
}

/** For errors of the file system: their message names what was tried and the code. */
export function unusable(tried: string, cause: unknown): OperationError {
  const what = cause instanceof Error ? cause.message : String(cause);
  return new OperationError(`${tried}: ${what}`, { code: 'FILE_UNUSABLE', retry: 'never', cause });
}
