/** Where the hub puts its Releases. */
import type { Statement } from '../../core/channel/evidence.ts';

export interface ChannelPublisher {
  /**
   * Keeps a file of a Release; no cluster sees it before a Release that names it is published. Harmless to repeat.
   *
   * @throws CHANNEL_STORE_UNUSABLE
   */
  addFile(path: string, bytes: Uint8Array, signal: AbortSignal): Promise<FileMark>;

  /** The same for evidence, which is signed with the keys of the channel. @throws CHANNEL_STORE_UNUSABLE, KEY_UNUSABLE */
  addStatements(path: string, statements: readonly Statement[], signal: AbortSignal): Promise<FileMark>;

  /**
   * Evidence that was added before, as it was marked then.
   *
   * @returns undefined: it is not there any more
   * @throws CHANNEL_STORE_UNUSABLE, CHANNEL_INVALID, CHANNEL_UNTRUSTED where it is other than marked or not signed by the keys
   */
  readStatements(path: string, mark: FileMark, signal: AbortSignal): Promise<readonly Statement[] | undefined>;

  /**
   * Makes the channel hold exactly what is composed, and signs anew what would soon expire; writes nothing where all is so already.
   *
   * At every moment, and wherever it ends, the channel is valid: as it was, or as it shall be. Harmless to repeat.
   *
   * Where somebody else publishes meanwhile it is composed again on top of that.
   *
   * @throws CHANNEL_STORE_UNUSABLE, CHANNEL_FULL, KEY_UNUSABLE; CHANNEL_CONFLICT where others were faster again and again
   */
  publish(
    compose: (now: PublishedNow) => ChannelContent | Promise<ChannelContent>,
    signal: AbortSignal,
  ): Promise<Publication>;
}

export interface FileMark {
  readonly length: number;
  /** Hex. */
  readonly sha256: string;
}

/** What the channel holds at the moment. */
export interface PublishedNow {
  readonly root: number;
  /** The index as it stands there; undefined: nothing was published yet. */
  readonly index: Uint8Array | undefined;
  /** A file that belongs to it, by path; undefined: there is none. */
  readonly read: (path: string) => Promise<Uint8Array | undefined>;
}

export interface ChannelContent {
  /** Files that are made for it, by path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Files that were added before, by path. */
  readonly added: ReadonlyMap<string, FileMark>;
  /** For people and tools that draw it; not signed. */
  readonly graph: unknown;
}

export interface Publication {
  /** Whether anything had to be written. */
  readonly changed: boolean;
  readonly snapshot: number;
  /** Until when clusters take something new of it. */
  readonly expires: Date;
  readonly rootExpires: Date;
}
