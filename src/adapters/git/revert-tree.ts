/** What `git revert` would make of a branch, without a work tree: a merge of each file that the commit changed. */
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ScratchRepository } from './scratch-repository.ts';
import { storeBlob } from './tree-files.ts';

export interface RevertedFile {
  readonly path: string;
  readonly mode: string;
  readonly blob: string | undefined;
}

export type Reverted =
  | { readonly kind: 'Reverted'; readonly files: readonly RevertedFile[] }
  | { readonly kind: 'Conflict'; readonly files: readonly string[] };

const maxListBytes = 16 * 2 ** 20;
const largestFileBytes = 16 * 2 ** 20;

/**
 * Files that differ from `head` once the commit is taken back.
 *
 * @param head commit, or tree, with its files in the repository
 * @param commit with the one before it
 */
export async function revertTree(
  repository: ScratchRepository,
  { head, commit }: { readonly head: string; readonly commit: string },
): Promise<Reverted> {
  const files: RevertedFile[] = [];
  const conflicts: string[] = [];
  for (const change of await changesOf(repository, commit)) {
    const now = await entryAt(repository, head, change.path);
    if (now?.blob === change.before) {
      continue;
    }
    const merged = now?.blob === change.after ? { blob: change.before } : await merge(repository, change, now?.blob);
    if (merged === undefined) {
      conflicts.push(change.path);
    } else {
      files.push({ path: change.path, mode: now?.mode ?? change.mode, blob: merged.blob });
    }
  }
  return conflicts.length > 0 ? { kind: 'Conflict', files: conflicts } : { kind: 'Reverted', files };
}

interface Change {
  readonly path: string;
  readonly mode: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

async function changesOf({ answer }: ScratchRepository, commit: string): Promise<readonly Change[]> {
  const words = ['diff-tree', '-r', '-z', '--no-renames', '--no-commit-id', `${commit}^`, commit];
  const { output } = await answer({ arguments: words, maxOutputBytes: maxListBytes });
  const parts = output.toString('utf8').split('\0');
  const changes: Change[] = [];
  for (let index = 0; index + 1 < parts.length; index += 2) {
    const [oldMode = '', newMode = '', before = '', after = ''] = (parts[index] ?? '').slice(1).split(' ');
    const mode = oldMode === '000000' ? newMode : oldMode;
    changes.push({ path: parts[index + 1] ?? '', mode, before: unlessNone(before), after: unlessNone(after) });
  }
  return changes;
}

function unlessNone(blob: string): string | undefined {
  return /^0+$/.test(blob) ? undefined : blob;
}

async function entryAt(
  { answer }: ScratchRepository,
  head: string,
  path: string,
): Promise<{ readonly mode: string; readonly blob: string } | undefined> {
  const { output } = await answer({ arguments: ['ls-tree', '-z', head, '--', path] });
  const [, mode, blob] = /^(\d+) blob ([0-9a-f]+)\t/.exec(output.toString('utf8')) ?? [];
  return mode === undefined || blob === undefined ? undefined : { mode, blob };
}

/** Ours is what stands there now, theirs what stood there before the commit. Undefined: a person has to. */
async function merge(
  repository: ScratchRepository,
  { before, after }: Change,
  now: string | undefined,
): Promise<{ readonly blob: string } | undefined> {
  if (before === undefined || after === undefined || now === undefined) {
    return undefined;
  }
  const paths: string[] = [];
  try {
    for (const blob of [now, after, before]) {
      const path = join(repository.directory, `merge-${randomUUID()}`);
      paths.push(path);
      const { output } = await repository.answer({
        arguments: ['cat-file', 'blob', blob],
        maxOutputBytes: largestFileBytes,
      });
      await writeFile(path, output, { mode: 0o600 });
    }
    const words = ['merge-file', '--stdout', '--quiet', ...paths];
    const conflictCounts = Array.from({ length: 128 }, (_, count) => count);
    const { code, output } = await repository.answer({
      arguments: words,
      answers: conflictCounts,
      maxOutputBytes: 2 * largestFileBytes,
    });
    return code === 0 ? { blob: await storeBlob(repository, output) } : undefined;
  } finally {
    await Promise.all(paths.map((path) => rm(path, { force: true })));
  }
}
