/** A channel as a cluster sees it: only what was verified comes through. */
import type { Statement } from '../../core/channel/evidence.ts';

/** Where a channel is, and what is trusted of it. */
export interface ChannelPlace {
  /** E.g. `Subscription shop/stable`; what was kept for it is found under it again. */
  readonly owner: string;
  /** Addresses (core/channel/address.ts), asked in this order. */
  readonly urls: readonly string[];
  /** root.json as people handed it over. */
  readonly trustedRoot: Uint8Array;
  readonly login: ChannelLogin | undefined;
  /** PEM. */
  readonly caBundle: string | undefined;
}

/** Who asks: entries of a Secret, which ones depends on where the channel is. */
export interface ChannelLogin {
  /** For messages, e.g. `Secret "login"`. */
  readonly of: string;
  readonly entries: ReadonlyMap<string, Buffer>;
}

/** Files of metadata that were verified, by role: what the next look starts from, so that nothing older is ever believed again. */
export type TrustedFiles = ReadonlyMap<string, Uint8Array>;

export interface ChannelView {
  readonly trusted: TrustedFiles;
  readonly root: number;
  readonly timestamp: number;
  /** Until when this may be believed to be the newest. */
  readonly expires: Date;
  /**
   * A file that the channel has, as it was signed.
   *
   * @param maxBytes a larger one is not read
   * @throws CHANNEL_INVALID where there is none; CHANNEL_UNREACHABLE, CHANNEL_UNTRUSTED
   */
  read(path: string, maxBytes: number, signal: AbortSignal): Promise<Buffer>;
  /**
   * Evidence: statements that keys of the channel signed, each by itself.
   *
   * @throws as read; CHANNEL_UNTRUSTED for one that none of them signed, CHANNEL_INVALID for what is no statement
   */
  readStatements(path: string, signal: AbortSignal): Promise<readonly Statement[]>;
}

export interface ChannelReader {
  /**
   * Asks for what is new. Nothing that it throws loses what was trusted before: `trustedAfter` tells it.
   *
   * @throws CHANNEL_UNREACHABLE, CHANNEL_UNTRUSTED, CHANNEL_EXPIRED
   */
  look(place: ChannelPlace, trusted: TrustedFiles, signal: AbortSignal): Promise<ChannelView>;
  /** What is trusted of a channel now, also where the last look failed half-way. */
  trustedAfter(owner: string): TrustedFiles | undefined;
  forget(owner: string): void;
}
