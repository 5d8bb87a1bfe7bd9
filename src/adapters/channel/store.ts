/** Where the files of a channel are kept. */
export interface ChannelStore {
  /** For messages. */
  readonly place: string;
  /** Undefined: there is no such file. @throws CHANNEL_STORE_UNUSABLE */
  read(path: string, signal: AbortSignal): Promise<Buffer | undefined>;
  /** Paths of all files. @throws CHANNEL_STORE_UNUSABLE */
  list(signal: AbortSignal): Promise<readonly string[]>;
  /** Whoever reads meanwhile gets the former file or the new one, wholly. @throws CHANNEL_STORE_UNUSABLE */
  write(path: string, bytes: Uint8Array, signal: AbortSignal): Promise<void>;
  /** Harmless to repeat. @throws CHANNEL_STORE_UNUSABLE */
  remove(path: string, signal: AbortSignal): Promise<void>;
}
