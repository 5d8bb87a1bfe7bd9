/** Reads a compressed tar archive in memory; its author may be hostile. */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { isBelow, isTreePath } from '../../core/source/tree-path.ts';
import type { LeftOut, SourceFile, SourceTree } from '../../engine/ports/source-tree.ts';
import { isZeroBlock, parseHeader, parsePax, type TarHeader, tarBlockBytes } from './tar-header.ts';

export interface ArchiveBounds {
  readonly maxFiles: number;
  /** Of everything in the archive, unpacked. */
  readonly maxBytes: number;
}

/** What is wrong with an archive, as a part of a sentence. */
export class ArchiveFault extends Error {}

/**
 * The files below a path.
 *
 * @param compressed gzip
 * @throws ArchiveFault for what is no archive, has names that lead out of it, or is larger than the bounds; at once, whatever
 *   would come after
 */
export async function readArchive(compressed: Buffer, path: string, bounds: ArchiveBounds): Promise<SourceTree> {
  const archive = await unzip(compressed, bounds.maxBytes);
  const files = new Map<string, SourceFile>();
  const leftOut: LeftOut[] = [];
  for (const { path: name, type, content } of readEntries(archive, bounds)) {
    const reason = refused[type] ?? (fileTypes.has(type) ? undefined : 'SpecialFile');
    if (name === '' || type === folderType || !isBelow(name, path)) {
      continue;
    }
    if (reason !== undefined) {
      leftOut.push({ path: name, reason });
    } else {
      // Of several with one name the last counts, as when the archive is unpacked to disk.
      files.set(name, { path: name, content });
    }
  }
  return { files: [...files.values()].toSorted((left, right) => (left.path < right.path ? -1 : 1)), leftOut };
}

async function unzip(compressed: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return await promisify(gunzip)(compressed, { maxOutputLength: maxBytes });
  } catch (error) {
    const isLarge = error instanceof RangeError;
    throw new ArchiveFault(
      isLarge ? `it has more than ${maxBytes} bytes unpacked` : `it is no gzip archive (${error})`,
    );
  }
}

/** Types of entries (POSIX ustar): what cannot be taken, and why. */
const refused: Readonly<Record<string, LeftOut['reason']>> = { '1': 'HardLink', '2': 'SymbolicLink' };
const fileTypes: ReadonlySet<string> = new Set(['0', '\0', '7']);
const folderType = '5';
/** They say something about the entry behind them, or about all. */
const remarkTypes: ReadonlySet<string> = new Set(['x', 'L', 'g', 'K']);
const maxNameBytes = 65_536;

interface Entry {
  readonly path: string;
  readonly type: string;
  readonly content: Buffer;
}

function* readEntries(archive: Buffer, { maxFiles }: ArchiveBounds): Generator<Entry> {
  let entryCount = 0;
  let longName: string | undefined;
  for (const { header, content } of readBlocks(archive)) {
    entryCount += 1;
    if (entryCount > maxFiles) {
      throw new ArchiveFault(`it has more than ${maxFiles} files and folders`);
    }
    if (remarkTypes.has(header.type)) {
      longName = readLongName(header, content) ?? longName;
    } else {
      yield { path: cleanName(longName ?? header.name), type: header.type, content };
      longName = undefined;
    }
  }
}

function* readBlocks(archive: Buffer): Generator<{ readonly header: TarHeader; readonly content: Buffer }> {
  let at = 0;
  while (at < archive.length) {
    const block = archive.subarray(at, at + tarBlockBytes);
    if (isZeroBlock(block)) {
      return;
    }
    const header = block.length < tarBlockBytes ? undefined : parseHeader(block);
    if (header === undefined) {
      throw new ArchiveFault(at === 0 ? 'it is no tar archive' : 'a header in it is not that of tar');
    }
    const start = at + tarBlockBytes;
    const end = start + header.sizeBytes;
    if (end > archive.length) {
      throw new ArchiveFault('it ends in the middle of a file');
    }
    yield { header, content: archive.subarray(start, end) };
    at = start + Math.ceil(header.sizeBytes / tarBlockBytes) * tarBlockBytes;
  }
}

function readLongName({ type, sizeBytes }: TarHeader, content: Buffer): string | undefined {
  if (sizeBytes > maxNameBytes) {
    throw new ArchiveFault(`a name in it has ${sizeBytes} bytes`);
  }
  if (type === 'L') {
    return content.toString('utf8').replace(/\0+$/, '');
  }
  return type === 'x' ? parsePax(content).get('path') : undefined;
}

/** `./a`, as tar writes it for the current folder, is `a`. */
function cleanName(name: string): string {
  const isAbsolute = name.startsWith('/');
  const path = name
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
  if (isAbsolute || (path !== '' && !isTreePath(path))) {
    throw new ArchiveFault(`a file in it is named ${JSON.stringify(name.slice(0, 128))}, which leads out of it`);
  }
  return path;
}
