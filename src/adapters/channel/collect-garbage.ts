/** Takes away the files of a channel that nothing names any more. */
import { storedMetadata, storedTarget } from '../../core/channel/layout.ts';
import { readPublished, readRole, readSnapshot } from './published.ts';
import type { ChannelStore } from './store.ts';

export interface GarbageOptions {
  /** Snapshots whose files stay, the newest among them. */
  readonly keptSnapshots: number;
  /** Also what no snapshot ever named. A file that was added for a Release to come is one of those. */
  readonly orphans: boolean;
}

/**
 * Keeps what the last snapshots name, all roots, and what is no file of ours.
 *
 * @returns what was removed
 * @throws CHANNEL_STORE_UNUSABLE
 */
export async function collectGarbage(
  store: ChannelStore,
  { keptSnapshots, orphans }: GarbageOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { snapshot } = await readPublished(store, signal);
  if (snapshot === undefined) {
    return [];
  }
  const files = new Set(await store.list(signal));
  const versions = [...files].flatMap((path) => path.match(/^(\d+)\.snapshot\.json$/)?.[1] ?? []).map(Number);
  const oldest = snapshot.signed.version - keptSnapshots;
  const kept = new Set<string>();
  for (const version of versions.filter((one) => one > oldest && one <= snapshot.signed.version)) {
    await collectNames(store, { version, names: kept }, signal);
  }
  const gone = new Set<string>(orphans ? [...files].filter(isOurs) : []);
  for (const version of orphans ? [] : versions.filter((one) => one <= oldest)) {
    await collectNames(store, { version, names: gone }, signal);
  }
  const removed = [...gone].filter((path) => files.has(path) && !kept.has(path));
  for (const path of removed.toSorted(snapshotsLast)) {
    await store.remove(path, signal);
  }
  await store.flush(signal);
  return removed;
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
  names.add(storedMetadata('snapshot', version));
  const { signed } = await readSnapshot(store, version, signal);
  for (const [file, meta] of Object.entries(signed.meta)) {
    const role = file.replace(/\.json$/, '');
    const path = storedMetadata(role, meta.version);
    if (names.has(path) || (await store.read(path, signal)) === undefined) {
      continue;
    }
    names.add(path);
    const { metadata } = await readRole(store, { role, version: meta.version }, signal);
    for (const [target, { hashes }] of Object.entries(metadata.signed.targets)) {
      names.add(storedTarget(target, hashes['sha256'] ?? ''));
    }
  }
}

function isOurs(path: string): boolean {
  return path.startsWith('targets/') || (/^\d+\.[a-z0-9.-]+\.json$/.test(path) && !/^\d+\.root\.json$/.test(path));
}
