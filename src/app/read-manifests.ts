/** Files of objects that a command is given. */
import { createReadStream } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { isOperationError, OperationError } from '../core/errors.ts';
import { type Manifest, parseManifests } from '../kube/manifest-text.ts';

export type { Manifest };

const largestFileBytes = 64 * 2 ** 20;

/**
 * Reads all objects of a file of YAML or JSON; `-` is standard input.
 *
 * @throws USAGE when it cannot be read, is larger than 64 MiB, is no YAML, or has something that is no Kubernetes object
 */
export async function readManifests(path: string, signal: AbortSignal): Promise<Manifest[]> {
  const source = path === '-' ? 'standard input' : path;
  const text = decode(await readBytes(path, source, signal), source);
  try {
    const manifests = parseManifests(text, source);
    if (manifests === undefined) {
      throw unusable(source, 'there is no object in it');
    }
    return manifests;
  } catch (error) {
    throw isOperationError(error, 'OBJECT_INVALID')
      ? new OperationError(error.message, { code: 'USAGE', retry: 'never', context: error.context })
      : error;
  }
}

async function readBytes(path: string, source: string, signal: AbortSignal): Promise<Buffer> {
  const stream: Readable = path === '-' ? addAbortSignal(signal, process.stdin) : createReadStream(path, { signal });
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.from(chunk);
      size += bytes.length;
      if (size > largestFileBytes) {
        break;
      }
      chunks.push(bytes);
    }
  } catch (error) {
    throw unusable(source, error instanceof Error ? error.message : String(error), error);
  }
  if (size > largestFileBytes) {
    throw unusable(source, `it is larger than ${largestFileBytes / 2 ** 20} MiB`);
  }
  return Buffer.concat(chunks);
}

/** Without the byte order mark, if there is one. */
function decode(bytes: Buffer, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw unusable(source, 'its bytes are no UTF-8', error);
  }
}

function unusable(source: string, what: string, cause?: unknown): OperationError {
  const code = 'USAGE';
  return new OperationError(`read ${source}: ${what}`, { code, retry: 'never', context: { file: source }, cause });
}
