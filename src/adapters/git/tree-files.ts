/** Files of a commit, straight from its objects: no work tree, so that no link is followed and no filter changes a byte. */
import { OperationError } from '../../core/errors.ts';
import { namesOf, tokensOf, type Writing, writeText } from '../../core/git-write/writing.ts';
import type { Written } from '../../core/git-write/written.ts';
import { joinSome } from '../../core/text.ts';
import type { ScratchRepository } from './scratch-repository.ts';
import { isYamlName } from './yaml-files.ts';

export interface TreeFile {
  readonly path: string;
  /** `100644` or `100755`. */
  readonly mode: string;
  readonly blob: string;
}

const largestFileBytes = 10 * 2 ** 20;
const mostFiles = 100_000;
const maxListBytes = 64 * 2 ** 20;

/**
 * The YAML files below a folder whose text would change, with their new texts.
 *
 * @throws FILE_UNUSABLE when a file that has a place cannot be used, or no file has a place for something
 */
export async function writeTree(
  repository: ScratchRepository,
  { commit, path, writing }: { readonly commit: string; readonly path: string; readonly writing: Writing },
): Promise<readonly { readonly file: TreeFile; readonly text: string }[]> {
  const folder = path === '' ? '' : `${path.replace(/\/+$/, '')}/`;
  const files = await listFiles(repository, commit, folder);
  const candidates = await candidatesOf(repository, { commit, folder, writing });
  const texts: { file: TreeFile; written: Written }[] = [];
  const named = new Set<string>();
  const broken: string[] = [];
  for (const file of files.filter((one) => candidates.has(one.path))) {
    const written = await writeFile(repository, file, { folder, writing });
    if ('reason' in written) {
      broken.push(`${file.path}${written.line === undefined ? '' : `:${written.line}`}: ${written.reason}`);
    } else {
      texts.push({ file, written });
      addAll(named, written.named);
    }
  }
  const missing = namesOf(writing).filter((name) => !named.has(name));
  const faults = broken.length > 0 ? broken : missing.map((name) => `no file has a place for ${name}`);
  if (faults.length > 0) {
    throw unusable(`${joinSome(faults, '; ')}; nothing was committed`);
  }
  const changed = texts.filter(({ written }) => written.changes.length > 0);
  return changed.map(({ file, written }) => ({ file, text: written.text }));
}

async function writeFile(
  repository: ScratchRepository,
  file: TreeFile,
  { folder, writing }: { readonly folder: string; readonly writing: Writing },
): Promise<Written | { readonly line?: number; readonly reason: string }> {
  const read = await readText(repository, file);
  return 'reason' in read ? read : writeText(file.path.slice(folder.length), read.text, writing);
}

function addAll(set: Set<string>, names: ReadonlySet<string>): void {
  for (const name of names) {
    set.add(name);
  }
}

async function listFiles({ answer }: ScratchRepository, commit: string, folder: string): Promise<readonly TreeFile[]> {
  const paths = folder === '' ? [] : ['--', folder];
  const { output } = await answer({
    arguments: ['ls-tree', '-r', '-z', commit, ...paths],
    maxOutputBytes: maxListBytes,
  });
  const files = output
    .toString('utf8')
    .split('\0')
    .flatMap((line) => {
      const [, mode = '', blob = '', path = ''] = /^(100644|100755) blob ([0-9a-f]+)\t(.*)$/s.exec(line) ?? [];
      return path !== '' && isYamlName(path) ? [{ path, mode, blob }] : [];
    });
  if (files.length > mostFiles) {
    throw unusable(`there are more than ${mostFiles} YAML files; set spec.deploy.git.path`);
  }
  return files;
}

/** Paths of files that contain what would make them be looked at, found by git; and those that a value names. */
async function candidatesOf(
  { answer }: ScratchRepository,
  { commit, folder, writing }: { readonly commit: string; readonly folder: string; readonly writing: Writing },
): Promise<ReadonlySet<string>> {
  const named = writing.values.map(({ file }) => `${folder}${file}`);
  const tokens = tokensOf(writing).flatMap((token) => ['-e', token]);
  if (tokens.length === 0) {
    return new Set(named);
  }
  const paths = folder === '' ? [] : ['--', folder];
  const words = ['grep', '--name-only', '-z', '-I', '-F', ...tokens, commit, ...paths];
  const { output } = await answer({ arguments: words, answers: [0, 1], maxOutputBytes: maxListBytes });
  const found = output
    .toString('utf8')
    .split('\0')
    .filter((line) => line !== '');
  return new Set([...named, ...found.map((line) => line.slice(commit.length + 1))]);
}

async function readText(
  { answer }: ScratchRepository,
  { blob }: TreeFile,
): Promise<{ readonly text: string } | { readonly reason: string }> {
  const size = Number((await answer({ arguments: ['cat-file', '-s', blob] })).output.toString());
  if (size > largestFileBytes) {
    return { reason: `it has ${Math.ceil(size / 2 ** 20)} MiB; ${largestFileBytes / 2 ** 20} MiB are the most` };
  }
  const { output } = await answer({ arguments: ['cat-file', 'blob', blob], maxOutputBytes: largestFileBytes });
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(output) };
  } catch {
    return { reason: 'its bytes are no UTF-8' };
  }
}

/** Puts bytes into the repository as they are; answers the id. */
export async function storeBlob({ run }: ScratchRepository, content: string | Uint8Array): Promise<string> {
  return await run({ arguments: ['hash-object', '-w', '--stdin', '--no-filters'], input: content });
}

/** The tree of a commit with other blobs at some paths; undefined takes a file away. */
export async function treeWith(
  { run }: ScratchRepository,
  commit: string,
  files: readonly { readonly path: string; readonly mode: string; readonly blob: string | undefined }[],
): Promise<string> {
  const lines = files.map(
    ({ path, mode, blob }) => `${blob === undefined ? `0 ${'0'.repeat(40)}` : `${mode} ${blob}`}\t${path}\0`,
  );
  await run({ arguments: ['read-tree', commit] });
  await run({ arguments: ['update-index', '-z', '--index-info'], input: lines.join('') });
  return await run({ arguments: ['write-tree'] });
}

function unusable(what: string): OperationError {
  return new OperationError(`write versions: ${what}`, { code: 'FILE_UNUSABLE', retry: 'never' });
}
