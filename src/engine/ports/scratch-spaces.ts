/** Scratch namespaces: made for one trial of a Channel, and removed with all that is in them. */
import type { ScratchCopies } from '../../core/channel/channel.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import type { SubscribedApp } from './subscriptions.ts';

export interface ScratchSpace {
  readonly namespace: string;
  /** Whose it is. */
  readonly channel: { readonly namespace: string; readonly name: string; readonly uid: string };
}

/** A namespace that is on its way out. */
export interface Removal {
  /** What keeps it, as the API server says; undefined: it does not say. */
  readonly heldBy: string | undefined;
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
   * @returns undefined: it can be used; else a former one is being removed
   * @throws CHANNEL_INVALID where a namespace of that name is not the Channel's, or something to be copied is not there
   */
  open(
    space: ScratchSpace,
    how: { readonly expiresAt: Date; readonly copies: ScratchCopies },
    signal: AbortSignal,
  ): Promise<Removal | undefined>;
  /** Removes its Apps, then all else; harmless to repeat. @returns undefined: nothing is left */
  clear(space: ScratchSpace, signal: AbortSignal): Promise<Removal | undefined>;
  /** Removes it though its Apps do not go, so that nothing is tried among what is left of them; harmless to repeat. */
  abandon(space: ScratchSpace, signal: AbortSignal): Promise<void>;
  /** All that are there, of any Channel. */
  list(signal: AbortSignal): Promise<readonly FoundSpace[]>;
  /** In the watched copy. */
  findApp(namespace: string, name: string): AppObjectWire | undefined;
  applyApp(app: SubscribedApp, signal: AbortSignal): Promise<void>;
}
