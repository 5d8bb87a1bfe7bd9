/**
 * Two that write the same channel at once: the hub, and a person with the command line. Neither loses what the other published.
 *
 * Whoever has read version N of the timestamp may publish N+1, and one alone may: it makes the file `N+1.timestamp.json`, which nobody can make
 * twice, and then shows it as `timestamp.json`. A store that is replaced as a whole (a branch, an artifact) tells by itself that it is another
 * one by now. The other begins again on top of what is there.
 */
import { isOperationError, OperationError } from '../../core/errors.ts';
import { readFileOf } from './signed-file.ts';
import type { ChannelStore } from './store.ts';

const mostAttempts = 10;

/** @throws CHANNEL_CONFLICT where others were faster again and again; what is thrown by `act` */
export async function onTopOfOthers<T>(store: ChannelStore, signal: AbortSignal, act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    store.renew();
    try {
      return await act();
    } catch (error) {
      if (!isOperationError(error, 'CHANNEL_CONFLICT') || attempt === mostAttempts) {
        throw error;
      }
    }
  }
}

/** Timestamps before the newest that stay: who has slept for as many publications must not take the place of an old one. */
export const keptTimestamps = 20;

export function timestampCommit(version: number): string {
  return `${version}.timestamp.json`;
}

const shown = 'timestamp.json';

/**
 * The one moment at which what was written becomes the channel.
 *
 * @throws CHANNEL_CONFLICT where somebody else published this version
 */
export async function commitTimestamp(
  store: ChannelStore,
  { version, bytes }: { readonly version: number; readonly bytes: Uint8Array },
  signal: AbortSignal,
): Promise<void> {
  if (store.isReplacedWhole) {
    return await store.write(shown, bytes, signal);
  }
  if (!(await store.create(timestampCommit(version), bytes, signal))) {
    throw conflict(store, `timestamp ${version} is somebody else's`);
  }
  const newest = await shownVersion(store, signal);
  if (newest - version >= keptTimestamps) {
    await store.remove(timestampCommit(version), signal);
    throw conflict(store, `timestamp ${version} was published long ago`);
  }
  await showNewest(store, signal);
}

/**
 * Shows what somebody committed and could not show any more. One who is slow may have shown an older one after a newer; so it is looked at again
 * after each write.
 */
export async function showNewest(store: ChannelStore, signal: AbortSignal): Promise<void> {
  for (;;) {
    const from = await shownVersion(store, signal);
    let newest: Buffer | undefined;
    for (let version = from + 1; ; version += 1) {
      const bytes = await store.read(timestampCommit(version), signal);
      if (bytes === undefined) {
        break;
      }
      newest = bytes;
    }
    if (newest === undefined) {
      return;
    }
    await store.write(shown, newest, signal);
  }
}

/** 0 where nothing was published yet. */
async function shownVersion(store: ChannelStore, signal: AbortSignal): Promise<number> {
  const bytes = await store.read(shown, signal);
  return bytes === undefined ? 0 : readFileOf('timestamp', bytes, `${shown} of ${store.place}`).signed.version;
}

export function conflict({ place }: Pick<ChannelStore, 'place'>, problem: string): OperationError {
  return new OperationError(`write the channel in ${place}: somebody else wrote it meanwhile: ${problem}`, {
    code: 'CHANNEL_CONFLICT',
    retry: 'backoff',
  });
}
