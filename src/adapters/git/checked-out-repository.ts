/** Fulfils the engine's ManifestRepository: a folder on this machine, which a git-sync or a person keeps up to date. */
import { type FileHandle, open, opendir, realpath } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { isOperationError, OperationError } from '../../core/errors.ts';
import type { ManifestRepository } from '../../engine/ports/manifest-repository.ts';
import { parseManifests } from '../../kube/manifest-text.ts';
import type { GitProgram } from './git-run.ts';
import { runGit } from './run-git.ts';

const largestFileBytes = 32 * 2 ** 20;
const largestListBytes = 64 * 2 ** 20;
const mostFiles = 200_000;
const noCommit = 128;

/** @param folder absolute; a git work tree, a folder in one, or one without history */
export function openCheckedOutRepository(program: GitProgram, folder: string): ManifestRepository {
  const git = async (what: string, words: readonly string[], signal: AbortSignal, answers: readonly number[] = [0]) =>
    await runGit(
      program,
      { what: `${what} ${folder}`, arguments: words, directory: folder, maxOutputBytes: largestListBytes, answers },
      signal,
    );
  const hasHistory = async (signal: AbortSignal) => {
    const { code } = await git('look for the history of', ['rev-parse', '--git-dir'], signal, [0, noCommit]);
    return code === 0;
  };
  return {
    async headCommit(signal) {
      const words = ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'];
      const { code, output } = await git('read the commit of', words, signal, [0, 1, noCommit]);
      return code === 0 ? output.toString('utf8').trim() : undefined;
    },
    async commitLog(commit, signal) {
      const words = ['log', '-1', '--name-status', '--end-of-options', commit];
      return (await git('read the log of', words, signal)).output.toString('utf8');
    },
    async listFiles(signal) {
      if (!(await hasHistory(signal))) {
        return await walk(folder, signal);
      }
      return splitPaths((await git('list the files of', ['ls-files', '-z'], signal)).output);
    },
    async changedFiles(from, to, signal) {
      const words = ['diff', '--name-only', '--relative', '--no-renames', '-z', '--end-of-options', from, to];
      const { code, output } = await git('compare commits of', words, signal, [0, noCommit]);
      return code === 0 ? splitPaths(output) : undefined;
    },
    readObjects: async (path, signal) => parseManifests(await readInside(folder, path, signal), path) ?? [],
    readText: async (path, signal) => decode(await readWhole(path, signal), path),
  };
}

function splitPaths(output: Buffer): readonly string[] {
  return output
    .toString('utf8')
    .split('\0')
    .filter((path) => path !== '');
}

async function walk(folder: string, signal: AbortSignal): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const entry of await opendir(folder, { recursive: true })) {
    signal.throwIfAborted();
    const path = relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/');
    if (entry.isFile() && !`/${path}`.includes('/.git/')) {
      files.push(path);
    }
    if (files.length > mostFiles) {
      throw unusable(folder, `there are more than ${mostFiles} files in it`);
    }
  }
  return files;
}

/** A link that leads out of the folder would show what the repository's authors may not see. */
async function readInside(folder: string, path: string, signal: AbortSignal): Promise<string> {
  const full = join(folder, path);
  const [root, target] = await Promise.all([realpath(folder), realpath(full)]).catch((error: unknown) => {
    throw unusable(path, messageOf(error), error);
  });
  const inside = relative(root, target);
  if (inside === '..' || inside.startsWith(`..${sep}`)) {
    throw unusable(path, 'it is a link that leads out of the repository');
  }
  return decode(await readWhole(target, signal, path), path);
}

async function readWhole(full: string, signal: AbortSignal, path = full): Promise<Buffer> {
  let file: FileHandle | undefined;
  try {
    file = await open(full, 'r');
    const { size } = await file.stat();
    if (size > largestFileBytes) {
      throw unusable(path, `it has ${size} bytes; ${largestFileBytes} are read at most`);
    }
    return await file.readFile({ signal });
  } catch (error) {
    signal.throwIfAborted();
    throw isOperationError(error) ? error : unusable(path, messageOf(error), error);
  } finally {
    await file?.close();
  }
}

function decode(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw unusable(path, 'its bytes are no UTF-8', error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function unusable(path: string, what: string, cause?: unknown): OperationError {
  return new OperationError(`read ${path}: ${what}`, { code: 'FILE_UNUSABLE', retry: 'backoff', cause });
}
