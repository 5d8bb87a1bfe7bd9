/** The files below a path at a commit, from what was fetched of it. */
import { OperationError } from '../../core/errors.ts';
import { isBelow, isTreePath } from '../../core/source/tree-path.ts';
import type { TreePlace } from '../../engine/ports/git.ts';
import type { LeftOut, SourceFile, SourceTree } from '../../engine/ports/source-tree.ts';
import { type Fetching, fetchCommit, fetchFiles } from './fetch-commits.ts';
import { gitError } from './git-failure.ts';
import type { KeptFiles } from './kept-files.ts';
import { runGit } from './run-git.ts';

export interface TreeBounds {
  readonly maxFiles: number;
  /** Of all files together. */
  readonly maxBytes: number;
}

interface Entry {
  readonly mode: string;
  readonly object: string;
  readonly path: string;
}

const submoduleMode = '160000';
const symbolicLinkMode = '120000';
const lfsPointer = Buffer.from('version https://git-lfs.github.com/spec/v');
const manifestName = /(?:[.](?:ya?ml|json)|\/Kustomization)$/i;
const maxListBytes = 64 * 2 ** 20;

/**
 * @throws GIT_NOT_FOUND when there is nothing at the path, GIT_UNUSABLE when there is more than the bounds or a path that leaves the tree;
 *   both with retry `never`, because a commit never changes
 */
export async function readCommitTree(
  fetching: Fetching,
  place: TreePlace,
  { bounds, kept }: { readonly bounds: TreeBounds; readonly kept: KeptFiles },
): Promise<SourceTree> {
  await fetchCommit(fetching, place.commit, 1);
  const entries = await chooseEntries(fetching, place, bounds);
  const files = entries.filter(({ mode }) => mode !== submoduleMode && mode !== symbolicLinkMode);
  const objects = [...new Set(files.map(({ object }) => object))];
  const where = `${fetching.repository.directory} ${place.path}`;
  const known = kept.of(where);
  const missing = objects.filter((object) => !known.has(object));
  await fetchFiles(fetching, missing);
  await checkSizes(fetching, { files, known, missing }, bounds);
  const read = missing.length === 0 ? known : await readContents(fetching, missing, bounds);
  const contents = new Map<string, Buffer>();
  for (const object of objects) {
    const content = known.get(object) ?? read.get(object);
    if (content !== undefined) {
      contents.set(object, content);
    }
  }
  kept.keep(where, contents);
  return assemble(entries, contents);
}

/** What is beside the path only counts as long as there is room for it; whoever names a missing file says so. */
async function chooseEntries(
  fetching: Fetching,
  place: TreePlace,
  { maxFiles }: TreeBounds,
): Promise<readonly Entry[]> {
  const { commit, path, withManifestsBeside = false } = place;
  const listed = await listEntries(fetching, { commit, path: withManifestsBeside ? '' : path });
  const inner = listed.filter((entry) => isBelow(entry.path, path));
  if (inner.length === 0) {
    throw contentError(
      fetching,
      'GIT_NOT_FOUND',
      `the commit has ${path === '' ? 'no files' : `nothing at "${path}"`}`,
    );
  }
  if (inner.length > maxFiles) {
    throw contentError(fetching, 'GIT_UNUSABLE', `more than ${maxFiles} files; name a folder further down`);
  }
  const wanted = listed.filter((entry) => isBelow(entry.path, path) || manifestName.test(entry.path));
  return wanted.length > maxFiles ? inner : wanted;
}

async function listEntries(
  fetching: Fetching,
  { commit, path }: { readonly commit: string; readonly path: string },
): Promise<readonly Entry[]> {
  const { program, repository, what, signal } = fetching;
  const { output } = await runGit(
    program,
    {
      what,
      arguments: ['ls-tree', '-r', '-z', '--full-tree', commit, '--', ...(path === '' ? [] : [path])],
      directory: repository.directory,
      maxOutputBytes: maxListBytes,
    },
    signal,
  );
  const lines = output.toString('utf8').split('\0').slice(0, -1);
  return lines.map((line) => parseEntry(fetching, line));
}

function parseEntry(fetching: Fetching, line: string): Entry {
  const [, mode, object, path] = /^(\d+) \w+ ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
  if (mode === undefined || object === undefined || path === undefined || !isTreePath(path)) {
    // git refuses to make such a tree; somebody wrote it by hand.
    const shown = JSON.stringify((path ?? line).slice(0, 128));
    throw contentError(fetching, 'GIT_UNUSABLE', `a file has the path ${shown}, which leads out of the tree`);
  }
  return { mode, object, path };
}

function contentError(...[attempt, code, line]: Parameters<typeof gitError>): OperationError {
  const { message, context } = gitError(attempt, code, line);
  return new OperationError(message, { code, retry: 'never', context });
}

/** Zeros compress a thousandfold, so that no bound of the transport sees them: sizes are asked for before a byte is read. */
async function checkSizes(
  fetching: Fetching,
  { files, known, missing }: Counted,
  { maxBytes }: TreeBounds,
): Promise<void> {
  const asked = missing.length === 0 ? new Map<string, number>() : await askSizes(fetching, missing);
  const sizeOf = ({ object }: Entry) => known.get(object)?.length ?? asked.get(object) ?? 0;
  const total = files.reduce((sum, file) => sum + sizeOf(file), 0);
  if (total > maxBytes) {
    const [largest] = files.toSorted((left, right) => sizeOf(right) - sizeOf(left));
    const shown = JSON.stringify((largest?.path ?? '').slice(0, 128));
    const size = largest === undefined ? 0 : sizeOf(largest);
    const line = `its files have ${total} bytes, ${maxBytes} at most; the largest is ${shown} with ${size}`;
    throw contentError(fetching, 'GIT_UNUSABLE', line);
  }
}

interface Counted {
  readonly files: readonly Entry[];
  readonly known: ReadonlyMap<string, Buffer>;
  /** Objects whose size has to be asked for. */
  readonly missing: readonly string[];
}

async function askSizes(fetching: Fetching, objects: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const { program, repository, what, signal } = fetching;
  const { output } = await runGit(
    program,
    {
      what,
      arguments: ['cat-file', '--batch-check=%(objectsize)'],
      directory: repository.directory,
      input: objects.map((object) => `${object}\n`).join(''),
      maxOutputBytes: maxListBytes,
    },
    signal,
  );
  const sizes = output.toString('latin1').split('\n').map(Number);
  return new Map(objects.map((object, index) => [object, sizes[index] ?? 0]));
}

/** `<object> blob <size>`, a line end, the bytes, a line end; for each object in the order of the question. */
async function readContents(
  fetching: Fetching,
  objects: readonly string[],
  { maxBytes }: TreeBounds,
): Promise<ReadonlyMap<string, Buffer>> {
  const { program, repository, what, signal } = fetching;
  const { output } = await runGit(
    program,
    {
      what,
      arguments: ['cat-file', '--batch'],
      directory: repository.directory,
      input: objects.map((object) => `${object}\n`).join(''),
      maxOutputBytes: maxBytes + objects.length * 100,
    },
    signal,
  );
  const contents = new Map<string, Buffer>();
  let at = 0;
  for (const object of objects) {
    const lineEnd = output.indexOf('\n', at);
    const [, found, size] = /^([0-9a-f]+) blob (\d+)$/.exec(output.toString('latin1', at, lineEnd)) ?? [];
    if (found !== object) {
      throw gitError(fetching, 'GIT_UNUSABLE', `the server did not send file ${object}`);
    }
    const end = lineEnd + 1 + Number(size);
    contents.set(object, output.subarray(lineEnd + 1, end));
    at = end + 1;
  }
  return contents;
}

function assemble(entries: readonly Entry[], contents: ReadonlyMap<string, Buffer>): SourceTree {
  const files: SourceFile[] = [];
  const leftOut: LeftOut[] = [];
  for (const { mode, object, path } of entries) {
    const content = contents.get(object);
    if (mode === submoduleMode) {
      leftOut.push({ path, reason: 'Submodule' });
    } else if (mode === symbolicLinkMode || content === undefined) {
      leftOut.push({ path, reason: 'SymbolicLink' });
    } else if (content.subarray(0, lfsPointer.length).equals(lfsPointer)) {
      leftOut.push({ path, reason: 'LfsPointer' });
    } else {
      files.push({ path, content });
    }
  }
  return { files, leftOut };
}
