/** Where the versions of a source are; asks a server. */
import type { Obstacle } from './finding.ts';

export interface Shelf {
  /** For messages, e.g. `ghcr.io/org/app`. */
  readonly name: string;
  /** What its versions are called: `tags`, `versions`. */
  readonly noun: string;
  /** All of them, or an error. */
  listTags(signal: AbortSignal): Promise<readonly string[]>;
  find(tag: string, signal: AbortSignal): Promise<OnShelf>;
  /** When it was made, as its maker says; asked only where the policy believes that. */
  findCreated?(version: ShelfVersion, signal: AbortSignal): Promise<Date | undefined>;
  /** What else keeps it from being taken; asked only of what would be taken otherwise, because it costs requests. */
  findBar?(version: ShelfVersion, signal: AbortSignal): Promise<Obstacle | undefined>;
  /** Whether it lacks a signature that is asked for; asked last. */
  findUnsigned?(version: ShelfVersion, signal: AbortSignal): Promise<Obstacle | undefined>;
}

export type OnShelf =
  | { readonly kind: 'There'; readonly digest: string }
  | { readonly kind: 'Gone' }
  /** It is there and may not be taken; the reason is a sentence without the tag. */
  | { readonly kind: 'Unfit'; readonly reason: string };

export interface ShelfVersion {
  readonly tag: string;
  readonly digest: string;
}
