/**
 * Reads a packed archive (`.tgz`) of foreign making within bounds, file by file. Links, devices and paths out of the archive are
 * refused, not passed over: no tool writes them into a chart.
 */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { OperationError } from '../../core/errors.ts';

export interface TarFile {
  readonly path: string;
  readonly content: Buffer;
}

const blockBytes = 512;
const mebibyte = 1024 * 1024;
/** Helm's own bound for an unpacked chart is 100 MiB. */
const maxUnpackedBytes = 100 * mebibyte;
const maxFiles = 20_000;

/** @throws HELM_CHART_INVALID */
export async function readTgz(archive: Uint8Array, what: string): Promise<readonly TarFile[]> {
  const bytes = await unpack(archive, what);
  const files: TarFile[] = [];
  let longName: string | undefined;
  for (let at = 0; at + blockBytes <= bytes.length; ) {
    const header = bytes.subarray(at, at + blockBytes);
    if (header.every((byte) => byte === 0)) {
      break;
    }
    const { path, size, type } = readHeader(header, what);
    const content = bytes.subarray(at + blockBytes, at + blockBytes + size);
    if (content.length < size) {
      throw invalid(what, 'it is cut off');
    }
    at += blockBytes + Math.ceil(size / blockBytes) * blockBytes;
    if (type === 'file') {
      files.push({ path: safePath(longName ?? path, what), content });
    }
    longName = type === 'longName' ? content.toString('utf8').replace(/\0.*$/s, '') : longNameIn(content, type);
    if (files.length > maxFiles) {
      throw invalid(what, `it has more than ${maxFiles} files`);
    }
  }
  return files;
}

async function unpack(archive: Uint8Array, what: string): Promise<Buffer> {
  try {
    return await promisify(gunzip)(archive, { maxOutputLength: maxUnpackedBytes });
  } catch (cause) {
    const isTooLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw invalid(
      what,
      isTooLarge ? `it unpacks to more than ${maxUnpackedBytes / mebibyte} MiB` : 'it is no gzip',
      cause,
    );
  }
}

type EntryType = 'file' | 'folder' | 'longName' | 'pax';

/** POSIX.1-1988 ustar; `L` is GNU's long name, `x` and `g` are pax headers. */
function readHeader(header: Buffer, what: string): { path: string; size: number; type: EntryType } {
  const text = (from: number, length: number) => header.toString('utf8', from, from + length).replace(/\0.*$/s, '');
  const prefix = text(257, 5) === 'ustar' ? text(345, 155) : '';
  const path = prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`;
  const size = Number.parseInt(text(124, 12).trim() || '0', 8);
  if (!Number.isSafeInteger(size) || size < 0) {
    throw invalid(what, `the size of "${path}" cannot be read`);
  }
  return { path, size, type: typeOf(text(156, 1), path, what) };
}

function typeOf(flag: string, path: string, what: string): EntryType {
  switch (flag) {
    case '':
    case '0':
    case '7':
      return path.endsWith('/') ? 'folder' : 'file';
    case '5':
      return 'folder';
    case 'L':
      return 'longName';
    case 'x':
    case 'g':
      return 'pax';
    case '1':
    case '2':
      throw invalid(what, `"${path}" is a link`);
    default:
      throw invalid(what, `"${path}" is neither file nor folder`);
  }
}

function longNameIn(content: Buffer, type: EntryType): string | undefined {
  return type === 'pax' ? /^\d+ path=(.*)$/m.exec(content.toString('utf8'))?.[1] : undefined;
}

function safePath(path: string, what: string): string {
  const parts = path.replace(/^\.\//, '').split('/');
  if (path.startsWith('/') || path.includes('\\') || parts.some((part) => part === '..' || part === '')) {
    throw invalid(what, `the path "${path.slice(0, 200)}" leads out of the archive`);
  }
  return parts.filter((part) => part !== '.').join('/');
}

function invalid(what: string, problem: string, cause?: unknown): OperationError {
  return new OperationError(`read ${what}: ${problem}`, {
    code: 'HELM_CHART_INVALID',
    retry: 'never',
    ...(cause === undefined ? {} : { cause }),
  });
}
