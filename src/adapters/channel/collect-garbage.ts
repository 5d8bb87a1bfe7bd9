/** Takes away the files of a channel that nothing names any more. */
import { storedMetadata, storedTarget } from '../../core/channel/layout.ts';
import { readPublished, readRole, readSnapshot } from './published.ts';
import type { ChannelStore } from './store.ts';

/**
 * Keeps what the last snapshots name, all roots, and what is no file of ours.
 *
 * @returns what was removed
 * @throws CHANNEL_STORE_UNUSABLE
 */
export async function collectGarbage(
  store: ChannelStore,
  keptSnapshots: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { snapshot } = await readPublished(store, signal);
  if (snapshot === undefined) {
    return [];
  }
  const files = new Set(await store.list(signal));
  const kept = new Set<string>();
  const { version: newest } = snapshot.signed;
  for (
    let version = newest;
    version > newest - keptSnapshots && files.has(storedMetadata('snapshot', version));
    version -= 1
  ) {
    await keepSnapshot(store, { version, kept }, signal);
  }
  const removed = [...files].filter((path) => isOurs(path) && !kept.has(path));
  for (const path of removed) {
    await store.remove(path, signal);
  }
  return removed;
}

async function keepSnapshot(
  store: ChannelStore,
  { version, kept }: { readonly version: number; readonly kept: Set<string> },
  signal: AbortSignal,
): Promise<void> {
  kept.add(storedMetadata('snapshot', version));
  const { signed } = await readSnapshot(store, version, signal);
  for (const [file, meta] of Object.entries(signed.meta)) {
    const role = file.replace(/\.json$/, '');
    const path = storedMetadata(role, meta.version);
    if (kept.has(path)) {
      continue;
    }
    kept.add(path);
    const { metadata } = await readRole(store, { role, version: meta.version }, signal);
    for (const [target, { hashes }] of Object.entries(metadata.signed.targets)) {
      kept.add(storedTarget(target, hashes['sha256'] ?? ''));
    }
  }
}

function isOurs(path: string): boolean {
  return path.startsWith('targets/') || (/^\d+\.[a-z0-9.-]+\.json$/.test(path) && !/^\d+\.root\.json$/.test(path));
}
