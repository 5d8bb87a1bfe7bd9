/** New versions into the files of a folder, at their markers; nothing is written unless all can be. */
import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type NewFile, replaceFiles } from '../adapters/git/replace-files.ts';
import { isYamlName, listYamlFiles, readMarkedFile } from '../adapters/git/yaml-files.ts';
import { OperationError } from '../core/errors.ts';
import { type ChosenImage, markerToken } from '../core/git-write/marker.ts';
import { type MarkerChange, setImageMarkers } from '../core/git-write/set-image-markers.ts';
import { joinSome } from '../core/text.ts';

export interface WriteRequest {
  /** A folder, or one YAML file. */
  readonly path: string;
  /** By `NAMESPACE:POLICY`. */
  readonly images: ReadonlyMap<string, ChosenImage>;
  readonly isDryRun: boolean;
}

export interface WriteReport {
  readonly changes: readonly ({ readonly file: string } & MarkerChange)[];
  /** Policies that no marker names. */
  readonly unmarked: readonly string[];
}

/**
 * Finds the markers under a path, and writes the files that change.
 *
 * @throws USAGE when the path is not there or no YAML file, FILE_UNUSABLE when a file with a marker of these policies cannot be
 *   used or written; then no file is changed
 */
export async function writeMarkers(request: WriteRequest, signal: AbortSignal): Promise<WriteReport> {
  const { changes, changedPaths, broken, unmarked } = await planChanges(request, signal);
  if (broken.length > 0) {
    throw unusableFiles(request.path, broken);
  }
  if (!request.isDryRun) {
    await replaceFiles(newFiles(changedPaths, request), signal);
  }
  return { changes, unmarked };
}

interface Plan extends WriteReport {
  readonly changedPaths: readonly string[];
  /** What is wrong with which file. */
  readonly broken: readonly string[];
}

async function planChanges({ path, images }: WriteRequest, signal: AbortSignal): Promise<Plan> {
  const { folder, files } = await findFiles(path, signal);
  const changes: WriteReport['changes'][number][] = [];
  const changedPaths: string[] = [];
  const broken: string[] = [];
  const marked: string[] = [];
  for (const file of files) {
    signal.throwIfAborted();
    const shown = shownPath(path, file);
    const result = await setInFile(join(folder, file), images);
    if (result.kind === 'Broken') {
      broken.push(`${shown}${result.line === undefined ? '' : `:${result.line}`}: ${result.reason}`);
    } else if (result.kind === 'Written' && result.marked.size > 0) {
      changes.push(...result.changes.map((change) => ({ file: shown, ...change })));
      changedPaths.push(...(result.changes.length > 0 ? [join(folder, file)] : []));
      marked.push(...result.marked);
    }
  }
  const named = new Set(marked);
  const unmarked = [...images.keys()].filter((policy) => !named.has(policy));
  return { changes, changedPaths, broken, unmarked };
}

/** Read again, so that no more than one text is held, however many files change. */
async function* newFiles(paths: readonly string[], { path, images }: WriteRequest): AsyncGenerator<NewFile> {
  for (const one of paths) {
    const result = await setInFile(one, images);
    if (result.kind !== 'Written') {
      throw unusableFiles(path, [`${one}: it was changed by another program meanwhile`]);
    }
    yield { path: one, text: result.text, stats: result.stats };
  }
}

async function setInFile(path: string, images: ReadonlyMap<string, ChosenImage>) {
  const file = await readMarkedFile(path, markerToken);
  switch (file.kind) {
    case 'Text':
      return { stats: file.stats, line: undefined, ...setImageMarkers(file.text, images) };
    case 'Unmarked':
      return file;
    case 'Unreadable':
      return { kind: 'Broken', line: undefined, reason: file.reason } as const;
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
  return new OperationError(`write markers in ${path}: ${what}`, { code: 'USAGE', retry: 'never' });
}

function unusableFiles(path: string, faults: readonly string[]): OperationError {
  const message = `write markers in ${path}: ${joinSome(faults, '; ')}; no file was changed`;
  return new OperationError(message, { code: 'FILE_UNUSABLE', retry: 'never' });
}
