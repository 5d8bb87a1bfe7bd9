/** The files below a path at a commit, from what was fetched of it. */
import { OperationError } from '../../core/errors.ts';
import { isBelow, isTreePath } from '../../core/source/tree-path.ts';
import type { TreePlace } from '../../engine/ports/git.ts';
import type { LeftOut, SourceFile, SourceTree } from '../../engine/ports/source-tree.ts';
import { type Fetching, fetchCommit, fetchFiles } from './fetch-commits.ts';
import { gitError } from './git-failure.ts';
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
export async function readCommitTree(fetching: Fetching, place: TreePlace, bounds: TreeBounds): Promise<SourceTree> {
  await fetchCommit(fetching, place.commit, 1);
  const entries = await chooseEntries(fetching, place, bounds);
  const files = entries.filter(({ mode }) => mode !== submoduleMode && mode !== symbolicLinkMode);
  const objects = [...new Set(files.map(({ object }) => object))];
  await fetchFiles(fetching, objects);
  await checkSizes(fetching, files, bounds);
  const contents = await readContents(fetching, objects, bounds);
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
async function checkSizes(fetching: Fetching, files: readonly Entry[], { maxBytes }: TreeBounds): Promise<void> {
  const { program, repository, what, signal } = fetching;
  const { output } = await runGit(
    program,
    {
      what,
      arguments: ['cat-file', '--batch-check=%(objectsize)'],
      directory: repository.directory,
      input: files.map(({ object }) => `${object}\n`).join(''),
      maxOutputBytes: maxListBytes,
    },
    signal,
  );
  const sizes = output.toString('latin1').split('\n').map(Number);
  const total = files.reduce((sum, _, index) => sum + (sizes[index] ?? 0), 0);
  if (total > maxBytes) {
    const largest = files.reduce((most, _, index) => ((sizes[index] ?? 0) > (sizes[most] ?? 0) ? index : most), 0);
    const shown = JSON.stringify((files[largest]?.path ?? '').slice(0, 128));
    const line = `its files have ${total} bytes, ${maxBytes} at most; the largest is ${shown} with ${sizes[largest]}`;
    throw contentError(fetching, 'GIT_UNUSABLE', line);
  }
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
