/** Bare repositories in which fetched commits are kept, one for each remote and way to reach it. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { GitRemote } from '../../engine/ports/git.ts';
import type { GitProgram } from './git-run.ts';
import { runGit } from './run-git.ts';

export interface CachedRepository {
  readonly directory: string;
  /** How deep the history before a commit was fetched. */
  readonly depths: Map<string, number>;
  /** Contents of files that were fetched. */
  readonly files: Set<string>;
}

export interface ObjectCache {
  /** Runs `work` on the repository while nobody else does. What is kept may be gone at the next time. */
  use<T>(of: CacheKey, work: (repository: CachedRepository) => Promise<T>, signal: AbortSignal): Promise<T>;
}

export interface CacheKey {
  readonly remote: GitRemote;
  /** A repository has one format of ids; the id tells which. */
  readonly commit: string;
  readonly what: string;
}

export interface ObjectCacheOptions {
  readonly program: GitProgram;
  readonly folder: string;
  /** Repositories that are kept. */
  readonly maxRepositories: number;
  /** A repository that is larger after use is thrown away. */
  readonly maxBytes: number;
}

interface Slot {
  repository: CachedRepository | undefined;
  /** Ends when nobody uses or waits for it. */
  queue: Promise<unknown>;
  users: number;
}

export function createObjectCache(options: ObjectCacheOptions): ObjectCache {
  const slots = new Map<string, Slot>();

  return {
    async use(of, work, signal) {
      const key = keyOf(of);
      const slot = slots.get(key) ?? { repository: undefined, queue: Promise.resolve(), users: 0 };
      slots.delete(key);
      slots.set(key, slot);
      slot.users += 1;
      const turn = slot.queue.then(async () => {
        signal.throwIfAborted();
        slot.repository ??= await makeRepository(options, { ...of, key }, signal);
        return await work(slot.repository);
      });
      slot.queue = turn.catch(() => undefined).then(() => dropWhenLarge(options, slot));
      try {
        return await turn;
      } finally {
        slot.users -= 1;
        await slot.queue;
        await dropOldest(options, slots);
      }
    },
  };
}

async function makeRepository(
  { program, folder }: ObjectCacheOptions,
  { commit, what, key }: CacheKey & { readonly key: string },
  signal: AbortSignal,
): Promise<CachedRepository> {
  const directory = join(folder, key);
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  const format = commit.length === 40 ? 'sha1' : 'sha256';
  const init = ['init', '--quiet', '--bare', '--template=', `--object-format=${format}`];
  await runGit(program, { what, arguments: init, directory }, signal);
  return { directory, depths: new Map(), files: new Set() };
}

/** Half-written packs of a fetch that was ended stay behind too. */
async function dropWhenLarge({ maxBytes }: ObjectCacheOptions, slot: Slot): Promise<void> {
  const { repository } = slot;
  if (repository !== undefined && (await packBytes(repository.directory)) > maxBytes) {
    slot.repository = undefined;
    await rm(repository.directory, { recursive: true, force: true });
  }
}

async function dropOldest({ maxRepositories }: ObjectCacheOptions, slots: Map<string, Slot>): Promise<void> {
  for (const [key, slot] of slots) {
    if (slots.size <= maxRepositories) {
      return;
    }
    if (slot.users === 0) {
      slots.delete(key);
      const { repository } = slot;
      slot.repository = undefined;
      if (repository !== undefined) {
        await rm(repository.directory, { recursive: true, force: true });
      }
    }
  }
}

async function packBytes(directory: string): Promise<number> {
  const folder = join(directory, 'objects', 'pack');
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Who may read a repository by one key must not find there what another one may read; a hash, so that no folder names a secret. */
function keyOf({ remote: { url, access }, commit }: CacheKey): string {
  return createHash('sha256')
    .update(JSON.stringify([url.text, access.caBundle, access.credentials, commit.length]))
    .digest('hex')
    .slice(0, 40);
}
