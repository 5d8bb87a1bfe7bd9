/** Writes the files of a channel that were carried here, so that what was there stays valid at every byte, and never goes back. */
import { readFileOf } from '../../adapters/channel/signed-file.ts';
import type { ChannelStore } from '../../adapters/channel/store.ts';

export interface CarriedFiles {
  readonly paths: readonly string[];
  /** Version of the timestamp among them. */
  readonly timestamp: number;
  read(path: string): Promise<Buffer>;
}

/**
 * Where the store has a newer channel only what its metadata may name is added: clusters that have seen the newer one believe nothing older.
 *
 * @returns the version of the timestamp that stays, where it is newer
 */
export async function writeImported(
  { paths, timestamp, read }: CarriedFiles,
  store: ChannelStore,
  signal: AbortSignal,
): Promise<number | undefined> {
  const held = await heldTimestamp(store, signal);
  const stays = held !== undefined && held > timestamp ? held : undefined;
  const written = stays === undefined ? paths : paths.filter((path) => path.startsWith('targets/'));
  for (const path of written.toSorted((left, right) => rankOf(left) - rankOf(right))) {
    await store.write(path, await read(path), signal);
  }
  await store.flush(signal);
  return stays;
}

async function heldTimestamp(store: ChannelStore, signal: AbortSignal): Promise<number | undefined> {
  const bytes = await store.read('timestamp.json', signal);
  return bytes && readFileOf('timestamp', bytes, `${store.place}: timestamp.json`).signed.version;
}

/** The timestamp last, as when it is published: until then what was there stays valid. */
function rankOf(path: string): number {
  return path === 'timestamp.json' ? 3 : path.includes('.snapshot.') ? 2 : path.startsWith('targets/') ? 0 : 1;
}
