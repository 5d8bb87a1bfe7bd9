/** Scratch namespaces: made for one trial of a Channel, and removed with all that is in them. */
import type { ScratchCopies } from '../../core/channel/channel.ts';
import type { AppObjectWire } from '../../resources/decode-app.ts';
import type { SubscribedApp } from './subscriptions.ts';

export interface ScratchSpace {
  readonly namespace: string;
  /** Whose it is. */
  readonly channel: { readonly namespace: string; readonly name: string; readonly uid: string };
}

/** One that is there. */
export interface FoundSpace extends ScratchSpace {
  /** It may be removed then, whatever its Channel says. */
  readonly expiresAt: Date;
}

export interface ScratchSpaces {
  /**
   * Makes it, unless it is there; harmless to repeat.
   *
   * @returns whether it can be used; else a former one is being removed
   * @throws CHANNEL_INVALID where a namespace of that name is not the Channel's, or something to be copied is not there
   */
  open(
    space: ScratchSpace,
    how: { readonly expiresAt: Date; readonly copies: ScratchCopies },
    signal: AbortSignal,
  ): Promise<boolean>;
  /** Removes its Apps, then all else; harmless to repeat. @returns whether nothing is left */
  clear(space: ScratchSpace, signal: AbortSignal): Promise<boolean>;
  /** All that are there, of any Channel. */
  list(signal: AbortSignal): Promise<readonly FoundSpace[]>;
  /** In the watched copy. */
  findApp(namespace: string, name: string): AppObjectWire | undefined;
  applyApp(app: SubscribedApp, signal: AbortSignal): Promise<void>;
}
