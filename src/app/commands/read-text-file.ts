/** Files that a command is given. */
import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { OperationError } from '../../core/errors.ts';

/**
 * Reads a whole file of text; `-` is standard input.
 *
 * @throws USAGE when it cannot be read, has more bytes, or is no UTF-8
 */
export async function readTextFile(path: string, maxBytes: number, signal: AbortSignal): Promise<string> {
  return decode(await readBytes(path, maxBytes, signal), describeFile(path));
}

/** The name of a file in messages. */
export function describeFile(path: string): string {
  return path === '-' ? 'standard input' : path;
}

async function readBytes(path: string, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  const source = describeFile(path);
  const stream: Readable = path === '-' ? addAbortSignal(signal, process.stdin) : createReadStream(path, { signal });
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.from(chunk);
      size += bytes.length;
      if (size > maxBytes) {
        break;
      }
      chunks.push(bytes);
    }
  } catch (error) {
    throw unusableFile(source, error instanceof Error ? error.message : String(error), error);
  }
  if (size > maxBytes) {
    throw unusableFile(source, `it is larger than ${maxBytes / 2 ** 20} MiB`);
  }
  return Buffer.concat(chunks);
}

/** Without the byte order mark, if there is one. */
function decode(bytes: Buffer, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw unusableFile(source, 'its bytes are no UTF-8', error);
  }
}

/** The error of a file that is of no use. */
export function unusableFile(source: string, what: string, cause?: unknown): OperationError {
  const code = 'USAGE';
  return new OperationError(`read ${source}: ${what}`, { code, retry: 'never', context: { file: source }, cause });
}
