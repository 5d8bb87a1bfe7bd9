/** What `headgate write` does: new versions into the files under a path that its caller names. */
import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type WrittenFiles, writeVersions } from '../../adapters/git/write-versions.ts';
import { isYamlName, listYamlFiles } from '../../adapters/git/yaml-files.ts';
import { isOperationError, OperationError } from '../../core/errors.ts';
import type { Writing } from '../../core/git-write/writing.ts';

export interface WriteRequest {
  /** A folder, or one YAML file. */
  readonly path: string;
  readonly writing: Writing;
  readonly isDryRun: boolean;
}

export interface WriteReport {
  readonly changes: WrittenFiles['changes'];
  /** Policies that no marker names. */
  readonly unmarked: readonly string[];
  /** Images and charts that no file has a place for, as `image NAME` and `chart NAME`. */
  readonly unplaced: readonly string[];
}

/**
 * Finds the places for versions under a path, and writes the files that change.
 *
 * @throws USAGE when the path is not there or no YAML file, FILE_UNUSABLE when a file with such a place cannot be used or
 *   written; then no file is changed
 */
export async function writeFiles(request: WriteRequest, signal: AbortSignal): Promise<WriteReport> {
  const { path, writing, isDryRun } = request;
  const { folder, files } = await findFiles(path, signal);
  const show = (file: string) => shownPath(path, file);
  try {
    const { changes, unnamed } = await writeVersions({ folder, files, show }, writing, { isDryRun, signal });
    return {
      changes,
      unmarked: unnamed.filter((name) => writing.markers.has(name)),
      unplaced: unnamed.filter((name) => !writing.markers.has(name)),
    };
  } catch (error) {
    throw isOperationError(error, 'FILE_UNUSABLE') ? inPath(path, error) : error;
  }
}

/** The path itself may be a symbolic link, as the caller named it; those under it are not followed. */
async function findFiles(path: string, signal: AbortSignal) {
  const root = await realpath(path).catch((error: unknown) => {
    throw misused(path, error instanceof Error ? error.message : String(error));
  });
  const stats = await lstat(root);
  if (stats.isDirectory()) {
    return { folder: root, files: await listYamlFiles(root, signal) };
  }
  if (!stats.isFile() || !isYamlName(path)) {
    throw misused(path, 'it is no folder, and no file named *.yaml, *.yml or Kustomization');
  }
  return { folder: dirname(root), files: [basename(root)] };
}

/** As the caller would find the file from where the command was started. */
function shownPath(path: string, file: string): string {
  return isYamlName(path) && basename(path) === file ? path : join(path, file);
}

function misused(path: string, what: string): OperationError {
  return new OperationError(`write versions in ${path}: ${what}`, { code: 'USAGE', retry: 'never' });
}

function inPath(path: string, error: OperationError): OperationError {
  const message = error.message.replace(/^write versions:/, `write versions in ${path}:`);
  return new OperationError(message, { code: 'FILE_UNUSABLE', retry: 'never', cause: error.cause });
}
