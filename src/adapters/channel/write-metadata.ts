/** One file of metadata of a channel: left as it is, or written anew under a version that is nobody else's. */
import { isDeepStrictEqual } from 'node:util';
import { storedMetadata } from '../../core/channel/layout.ts';
import type { Clock } from '../../engine/ports/clock.ts';
import { conflict } from './one-after-another.ts';
import { type FileKind, type Stored, signFile, timeText, type Unsigned } from './signed-file.ts';
import type { Signer } from './signer.ts';
import type { ChannelStore } from './store.ts';

/** A file of metadata as the channel shall have it, written or found so. */
export interface Current extends Pick<Stored, 'version' | 'length' | 'sha256'> {
  readonly expires: string;
  readonly isNew: boolean;
}

export interface WantedFile {
  readonly kind: FileKind;
  readonly name: string;
  readonly signers: readonly Signer[];
  readonly lifetimeMs: number;
  readonly content: Omit<Unsigned, 'version' | 'expires'>;
  readonly former: Former | undefined;
}

interface Former {
  readonly signed: { readonly version: number; readonly expires: string };
  readonly signatures: Readonly<Record<string, unknown>>;
  readonly content: object;
  readonly length: number;
  readonly sha256: string;
}

/** @returns whether this version could be had */
export type Put = (version: number, bytes: Uint8Array) => Promise<boolean>;

/** So many versions in a row that others began and never published. */
const mostTaken = 1_000;

interface Writing {
  readonly store: ChannelStore;
  readonly clock: Clock;
}

/** @throws CHANNEL_CONFLICT; errors of the store */
export async function writeUnlessSame(
  work: Writing,
  wanted: WantedFile,
  signal: AbortSignal,
  put: Put = (version, bytes) => work.store.create(storedMetadata(wanted.name, version), bytes, signal),
): Promise<Current> {
  const { store, clock } = work;
  const { former, content, signers, lifetimeMs, kind } = wanted;
  const now = clock.now();
  if (former && isDeepStrictEqual(former.content, content) && isFresh(former, wanted, now)) {
    const { version, expires } = former.signed;
    return { version, expires, length: former.length, sha256: former.sha256, isNew: false };
  }
  const next = (former?.signed.version ?? 0) + 1;
  const expires = timeText(new Date(now.getTime() + lifetimeMs));
  // A number that somebody else began with, who may go on with it, is left to them.
  for (let version = next; version < next + mostTaken; version += 1) {
    const file = await signFile(kind, { ...content, version, expires }, signers, signal);
    if (await put(version, file.bytes)) {
      return { ...file, expires, isNew: true };
    }
  }
  throw conflict(store, `versions ${next} and later of ${wanted.name} are taken`);
}

/** Signed by all keys of today, and with more than half of its life before it. */
function isFresh({ signed, signatures }: Former, { signers, lifetimeMs }: WantedFile, now: Date): boolean {
  const remainsMs = Date.parse(signed.expires) - now.getTime();
  const isSigned = signers.every(({ key }) => signatures[key.keyID] !== undefined);
  return isSigned && remainsMs > lifetimeMs / 2 && remainsMs <= lifetimeMs;
}
