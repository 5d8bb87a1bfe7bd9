/** A channel in what is replaced as a whole: writes are kept back until they are flushed, so that a publication is seen at once or not at all. */
import type { FileRevision, FileRevisions } from '../../engine/ports/file-revisions.ts';
import { asStoreFailure, type ChannelStore, hasSameBytes, maxStoredBytes } from './store.ts';

export function createRevisionStore(revisions: FileRevisions): ChannelStore {
  const { place } = revisions;
  const changes = new Map<string, Uint8Array | undefined>();
  let base: Promise<FileRevision> | undefined;
  const current = async (signal: AbortSignal): Promise<FileRevision> => {
    base ??= revisions.load(signal);
    try {
      return await base;
    } catch (error) {
      base = undefined;
      throw error;
    }
  };
  return {
    place,
    ...{ isReplacedWhole: true, listTimes: async () => new Map() },
    renew() {
      base = undefined;
      changes.clear();
    },
    async read(path, signal, maxBytes = maxStoredBytes) {
      if (changes.has(path)) {
        const bytes = changes.get(path);
        return bytes && Buffer.from(bytes);
      }
      return await asStoreFailure(`read ${path} of the channel in ${place}`, signal, async () =>
        (await current(signal)).read(path, maxBytes, signal),
      );
    },
    async list(signal) {
      const { paths } = await asStoreFailure(`list the channel in ${place}`, signal, () => current(signal));
      const added = [...changes].flatMap(([path, bytes]) => (bytes === undefined ? [] : [path]));
      return [...new Set([...paths, ...added])].filter((path) => !changes.has(path) || changes.get(path) !== undefined);
    },
    async write(path, bytes) {
      changes.set(path, bytes);
    },
    async create(path, bytes, signal) {
      const isFree = (await this.read(path, signal)) === undefined;
      if (isFree) {
        changes.set(path, bytes);
      }
      return isFree || (await hasSameBytes(this, path, bytes, signal));
    },
    async remove(path) {
      changes.set(path, undefined);
    },
    async flush(signal) {
      if (changes.size === 0) {
        return;
      }
      await asStoreFailure(`write the channel in ${place}`, signal, async () =>
        revisions.replace(await current(signal), changes, signal),
      );
      base = undefined;
      changes.clear();
    },
  };
}
