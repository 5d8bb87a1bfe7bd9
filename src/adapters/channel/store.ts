/** Where the files of a channel are kept. */
import { isOperationError, OperationError } from '../../core/errors.ts';

export interface ChannelStore extends ChannelFiles {
  /** Nothing is seen before it is flushed, and then all of it, unless somebody else wrote meanwhile. */
  readonly isReplacedWhole: boolean;
  /** When each file was written, as far as the store knows. @throws CHANNEL_STORE_UNUSABLE */
  listTimes(signal: AbortSignal): Promise<ReadonlyMap<string, Date>>;
  /** Paths of all files. @throws CHANNEL_STORE_UNUSABLE */
  list(signal: AbortSignal): Promise<readonly string[]>;
  /** Whoever reads meanwhile gets the former file or the new one, wholly. @throws CHANNEL_STORE_UNUSABLE */
  write(path: string, bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /**
   * Writes a file that is not there yet; of two who do it at once one succeeds. Harmless to repeat.
   *
   * @returns whether the file is there with these bytes
   * @throws CHANNEL_STORE_UNUSABLE
   */
  create(path: string, bytes: Uint8Array, signal: AbortSignal): Promise<boolean>;
  /** Harmless to repeat. @throws CHANNEL_STORE_UNUSABLE */
  remove(path: string, signal: AbortSignal): Promise<void>;
  /**
   * Shows to others what was written and removed since, all at once, where the store does not show each write by itself. What is not
   * flushed may be lost, and nobody saw it.
   *
   * @throws CHANNEL_STORE_UNUSABLE; CHANNEL_CONFLICT where somebody else wrote since it was read
   */
  flush(signal: AbortSignal): Promise<void>;
}

/** What clusters need of it. */
export interface ChannelFiles {
  /** For messages. */
  readonly place: string;
  /**
   * Undefined: there is no such file.
   *
   * @param maxBytes a larger one is an error; default maxStoredBytes
   * @throws CHANNEL_STORE_UNUSABLE, and errors of the way there
   */
  read(path: string, signal: AbortSignal, maxBytes?: number): Promise<Buffer | undefined>;
  /** The next file is read from what is there by then, not from what was seen before. */
  renew(): void;
}

/** What is written counts at once: there is nothing to flush, and nothing kept that could be old. */
export const showsAtOnce = { isReplacedWhole: false, flush: () => Promise.resolve(), renew: () => undefined };

/** A file of a channel that is larger is no file of a channel. */
export const maxStoredBytes = 134_217_728;

/** For `create`: the file that is there already may be the one that was to be written, by an attempt whose answer was lost. */
export async function hasSameBytes(
  { read }: Pick<ChannelFiles, 'read'>,
  path: string,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<boolean> {
  return (await read(path, signal))?.equals(bytes) === true;
}

const isOurs: ReadonlySet<string> = new Set(['CHANNEL_STORE_UNUSABLE', 'CHANNEL_CONFLICT']);

/**
 * One code for whoever publishes, whatever it is kept in; the cause says the rest.
 *
 * @throws CHANNEL_STORE_UNUSABLE, CHANNEL_CONFLICT; the reason of the signal
 */
export async function asStoreFailure<T>(what: string, signal: AbortSignal, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    signal.throwIfAborted();
    if (!isOperationError(error) || error.code === 'INVARIANT' || isOurs.has(error.code)) {
      throw error;
    }
    throw new OperationError(`${what}: ${error.message}`, {
      code: 'CHANNEL_STORE_UNUSABLE',
      retry: 'backoff',
      cause: error,
    });
  }
}
