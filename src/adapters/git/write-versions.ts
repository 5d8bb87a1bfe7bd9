/** New versions into the YAML files of a folder; nothing is written unless all can be. */
import { join } from 'node:path';
import { OperationError } from '../../core/errors.ts';
import { namesOf, tokensOf, type Writing, writeText } from '../../core/git-write/writing.ts';
import type { ScalarChange } from '../../core/git-write/written.ts';
import { joinSome } from '../../core/text.ts';
import { type NewFile, replaceFiles } from './replace-files.ts';
import { readMarkedFile } from './yaml-files.ts';

export interface WorkFiles {
  readonly folder: string;
  /** Relative to the folder. */
  readonly files: readonly string[];
  /** How errors and the report call them, for example by the path that the caller named. */
  readonly show: (file: string) => string;
}

export interface WrittenFiles {
  readonly changes: readonly ({ readonly file: string } & ScalarChange)[];
  /** Relative to the folder. */
  readonly changedFiles: readonly string[];
  /** Of what was to be set (`namesOf`), that for which no file has a place. */
  readonly unnamed: readonly string[];
}

export interface WriteOptions {
  readonly isDryRun: boolean;
  readonly signal: AbortSignal;
}

/**
 * Sets versions in the files that have a place for them.
 *
 * @throws FILE_UNUSABLE when a file with such a place cannot be used or written; then no file is changed
 */
export async function writeVersions(
  work: WorkFiles,
  writing: Writing,
  { isDryRun, signal }: WriteOptions,
): Promise<WrittenFiles> {
  const { broken, ...written } = await planChanges(work, writing, signal);
  if (broken.length > 0) {
    throw unusableFiles(broken);
  }
  if (!isDryRun) {
    await replaceFiles(newFiles(written.changedFiles, work, writing), signal);
  }
  return written;
}

interface Plan extends WrittenFiles {
  /** What is wrong with which file. */
  readonly broken: readonly string[];
}

async function planChanges(work: WorkFiles, writing: Writing, signal: AbortSignal): Promise<Plan> {
  const changes: WrittenFiles['changes'][number][] = [];
  const changedFiles: string[] = [];
  const broken: string[] = [];
  const named = new Set<string>();
  for (const file of work.files) {
    signal.throwIfAborted();
    const shown = work.show(file);
    const result = await writeFile(work, file, writing);
    if (result.kind === 'Broken') {
      broken.push(`${shown}${result.line === undefined ? '' : `:${result.line}`}: ${result.reason}`);
    } else if (result.kind === 'Written') {
      changes.push(...result.changes.map((change) => ({ file: shown, ...change })));
      changedFiles.push(...(result.changes.length > 0 ? [file] : []));
      addAll(named, result.named);
    }
  }
  broken.push(...absentFiles(work, writing));
  return { changes, changedFiles, broken, unnamed: namesOf(writing).filter((name) => !named.has(name)) };
}

/** A file that a path names has to be there; one that only might have a place need not. */
function absentFiles(work: WorkFiles, writing: Writing): readonly string[] {
  const files = new Set(work.files);
  const absent = new Set(writing.values.filter(({ file }) => !files.has(file)).map(({ file }) => file));
  return [...absent].map((file) => `${work.show(file)}: there is no such YAML file`);
}

/** Read again, so that no more than one text is held, however many files change. */
async function* newFiles(files: readonly string[], work: WorkFiles, writing: Writing): AsyncGenerator<NewFile> {
  for (const file of files) {
    const result = await writeFile(work, file, writing);
    if (result.kind !== 'Written') {
      throw unusableFiles([`${work.show(file)}: it was changed by another program meanwhile`]);
    }
    yield { path: join(work.folder, file), text: result.text, stats: result.stats };
  }
}

async function writeFile({ folder }: WorkFiles, file: string, writing: Writing) {
  const tokens = writing.values.some((one) => one.file === file) ? [''] : tokensOf(writing);
  const read = await readMarkedFile(join(folder, file), tokens);
  switch (read.kind) {
    case 'Text':
      return { stats: read.stats, line: undefined, ...writeText(file, read.text, writing) };
    case 'Unmarked':
      return read;
    case 'Unreadable':
      return { kind: 'Broken', line: undefined, reason: read.reason } as const;
  }
}

function addAll(set: Set<string>, names: ReadonlySet<string>): void {
  for (const name of names) {
    set.add(name);
  }
}

function unusableFiles(faults: readonly string[]): OperationError {
  const message = `write versions: ${joinSome(faults, '; ')}; no file was changed`;
  return new OperationError(message, { code: 'FILE_UNUSABLE', retry: 'never' });
}
