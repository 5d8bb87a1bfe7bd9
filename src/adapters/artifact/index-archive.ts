/** Finds the files of a tar archive that is too large for memory; its author may be hostile. */
import type { FileHandle } from 'node:fs/promises';
import { isTreePath } from '../../core/source/tree-path.ts';
import { ArchiveFault } from './read-archive.ts';
import { isZeroBlock, parseHeader, type TarHeader, tarBlockBytes } from './tar-header.ts';

export interface ArchivedFile {
  /** Of its first byte in the archive. */
  readonly start: number;
  readonly sizeBytes: number;
}

const folderType = '5';
const fileTypes: ReadonlySet<string> = new Set(['0', '\0']);

/**
 * Where each file begins. Nothing is read but headers, and nothing is unpacked.
 *
 * @throws ArchiveFault for what is no archive, has links, names that lead out of it or come twice, or more files than `maxFiles`
 */
export async function indexArchive(file: FileHandle, maxFiles: number): Promise<ReadonlyMap<string, ArchivedFile>> {
  const { size } = await file.stat();
  const files = new Map<string, ArchivedFile>();
  const block = Buffer.alloc(tarBlockBytes);
  for (let at = 0, entries = 0; at + tarBlockBytes <= size; entries += 1) {
    await file.read(block, 0, tarBlockBytes, at);
    if (isZeroBlock(block)) {
      return files;
    }
    const header = readHeader(block, at);
    const start = at + tarBlockBytes;
    if (start + header.sizeBytes > size) {
      throw new ArchiveFault('it ends in the middle of a file');
    }
    if (entries >= maxFiles) {
      throw new ArchiveFault(`it has more than ${maxFiles} files and folders`);
    }
    if (header.type !== folderType) {
      requirePlain(header.name, header.type, files);
      files.set(header.name, { start, sizeBytes: header.sizeBytes });
    }
    at = start + Math.ceil(header.sizeBytes / tarBlockBytes) * tarBlockBytes;
  }
  throw new ArchiveFault('it has no end');
}

function readHeader(block: Buffer, at: number): TarHeader {
  const header = parseHeader(block);
  if (header === undefined) {
    throw new ArchiveFault(at === 0 ? 'it is no tar archive' : 'a header in it is not that of tar');
  }
  return header;
}

function requirePlain(name: string, type: string, known: ReadonlyMap<string, unknown>): void {
  const shown = JSON.stringify(name.slice(0, 128));
  if (!fileTypes.has(type)) {
    throw new ArchiveFault(`${shown} in it is no file but of type ${JSON.stringify(type)}`);
  }
  if (name === '' || !isTreePath(name)) {
    throw new ArchiveFault(`a file in it is named ${shown}, which leads out of it`);
  }
  if (known.has(name)) {
    throw new ArchiveFault(`it has ${shown} twice`);
  }
}

/** The whole of it; whoever calls has looked at its size. */
export async function readArchivedFile(file: FileHandle, { start, sizeBytes }: ArchivedFile): Promise<Buffer> {
  const bytes = Buffer.alloc(sizeBytes);
  await file.read(bytes, 0, sizeBytes, start);
  return bytes;
}
