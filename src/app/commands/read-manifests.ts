/** Files of objects that a command is given. */
import { isOperationError, OperationError } from '../../core/errors.ts';
import { type Manifest, parseManifests } from '../../kube/manifest-text.ts';
import { describeFile, readTextFile, unusableFile } from './read-text-file.ts';

export type { Manifest };

const largestFileBytes = 64 * 2 ** 20;

/**
 * Reads all objects of a file of YAML or JSON; `-` is standard input.
 *
 * @throws USAGE when it cannot be read, is larger than 64 MiB, is no YAML, or has something that is no Kubernetes object
 */
export async function readManifests(path: string, signal: AbortSignal): Promise<Manifest[]> {
  const source = describeFile(path);
  const text = await readTextFile(path, largestFileBytes, signal);
  try {
    const manifests = parseManifests(text, source);
    if (manifests === undefined) {
      throw unusableFile(source, 'there is no object in it');
    }
    return manifests;
  } catch (error) {
    throw isOperationError(error, 'OBJECT_INVALID')
      ? new OperationError(error.message, { code: 'USAGE', retry: 'never', context: error.context })
      : error;
  }
}
