/** Takes away the files of a channel that nothing names any more. */
import { storedMetadata, storedTarget } from '../../core/channel/layout.ts';
import { keptTimestamps, timestampCommit } from './one-after-another.ts';
import { readPublished, readRole, readSnapshot } from './published.ts';
import type { ChannelStore } from './store.ts';

export interface GarbageOptions {
  /** Snapshots whose files stay, the newest among them. */
  readonly keptSnapshots: number;
  /** Also what no snapshot ever named, where it was written before; undefined: no such file. What is being published is one of those. */
  readonly orphansBefore: Date | undefined;
}

/**
 * Keeps what the last snapshots name, all roots, and what is no file of ours.
 *
 * @returns what was removed
 * @throws CHANNEL_STORE_UNUSABLE
 */
export async function collectGarbage(
  store: ChannelStore,
  { keptSnapshots, orphansBefore }: GarbageOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { snapshot, timestamp } = await readPublished(store, signal);
  if (snapshot === undefined || timestamp === undefined) {
    return [];
  }
  const files = new Set(await store.list(signal));
  const versions = [...files].flatMap((path) => path.match(/^(\d+)\.snapshot\.json$/)?.[1] ?? []).map(Number);
  const oldest = snapshot.signed.version - keptSnapshots;
  const kept = new Set<string>();
  for (const version of versions.filter((one) => one > oldest && one <= snapshot.signed.version)) {
    await collectNames(store, { version, names: kept }, signal);
  }
  const newest = timestamp.signed.version;
  const past = [...files].filter((path) => {
    const version = Number(/^(\d+)\.timestamp\.json$/.exec(path)?.[1]);
    return path === timestampCommit(version) && version <= newest - keptTimestamps;
  });
  const gone = new Set<string>([...past, ...(await findOrphans(store, { files, orphansBefore }, signal))]);
  for (const version of orphansBefore ? [] : versions.filter((one) => one <= oldest)) {
    await collectNames(store, { version, names: gone }, signal);
  }
  const removed = [...gone].filter((path) => files.has(path) && !kept.has(path));
  for (const path of removed.toSorted(snapshotsLast)) {
    await store.remove(path, signal);
  }
  await store.flush(signal);
  return removed;
}

/** What is not known to be old enough is left, unless nobody can be writing it. */
async function findOrphans(
  store: ChannelStore,
  { files, orphansBefore }: Pick<GarbageOptions, 'orphansBefore'> & { readonly files: ReadonlySet<string> },
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (orphansBefore === undefined) {
    return [];
  }
  const times = await store.listTimes(signal);
  const isOld = (path: string) => store.isReplacedWhole || (times.get(path) ?? orphansBefore) < orphansBefore;
  return [...files].filter((path) => isOurs(path) && isOld(path));
}

/** Where it ends half-way, the next time finds by them what is left. */
function snapshotsLast(left: string, right: string): number {
  return Number(left.endsWith('.snapshot.json')) - Number(right.endsWith('.snapshot.json'));
}

/** Everything that a snapshot names, as far as it is there. */
async function collectNames(
  store: ChannelStore,
  { version, names }: { readonly version: number; readonly names: Set<string> },
  signal: AbortSignal,
): Promise<void> {
  const path = storedMetadata('snapshot', version);
  if ((await store.read(path, signal)) === undefined) {
    // Somebody else tidies up at the same time.
    return;
  }
  names.add(path);
  const { signed } = await readSnapshot(store, version, signal);
  for (const [name, meta] of Object.entries(signed.meta)) {
    const role = name.replace(/\.json$/, '');
    const file = storedMetadata(role, meta.version);
    if (names.has(file) || (await store.read(file, signal)) === undefined) {
      continue;
    }
    names.add(file);
    const { metadata } = await readRole(store, { role, version: meta.version }, signal);
    for (const [target, { hashes }] of Object.entries(metadata.signed.targets)) {
      names.add(storedTarget(target, hashes['sha256'] ?? ''));
    }
  }
}

function isOurs(path: string): boolean {
  return (
    path.startsWith('targets/') ||
    (/^\d+\.[a-z0-9.-]+\.json$/.test(path) && !/^\d+\.(root|timestamp)\.json$/.test(path))
  );
}
