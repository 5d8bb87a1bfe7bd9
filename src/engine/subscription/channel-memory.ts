/** What was read of the channels, so that a look at one where nothing is new reads nothing again. */
import type { ChannelIndex } from '../../core/channel/channel-index.ts';
import { indexPath, releasePath, releasesRole } from '../../core/channel/layout.ts';
import type { Release } from '../../core/channel/release.ts';
import { OperationError } from '../../core/errors.ts';
import { decodeRelease } from '../../resources/channel/decode-release.ts';
import { readIndex } from '../channel/compose-content.ts';
import type { ChannelView } from '../ports/channel-reader.ts';

/** What is believed of a channel after a look. */
export interface KnownChannel {
  readonly view: ChannelView;
  readonly index: ChannelIndex;
  readonly lookedAt: Date;
  /** By name, as far as they were read. */
  readonly releases: Map<string, Release>;
}

const maxIndexBytes = 262_144;
const maxReleaseBytes = 16_777_216;
const maxReleases = 8;

/**
 * What a view says, read anew only where it changed.
 *
 * @throws CHANNEL_UNTRUSTED for a root that is withheld, and what reading throws
 */
export async function readChannel(
  view: ChannelView,
  before: KnownChannel | undefined,
  lookedAt: Date,
  signal: AbortSignal,
): Promise<KnownChannel> {
  const isSame = before !== undefined && isSameRole(view, before.view);
  const index = isSame ? before.index : readIndex(await view.read(indexPath, maxIndexBytes, signal));
  if (index.root > view.root) {
    throw new OperationError(
      `look at the channel: its index tells of root ${index.root}, and its server shows none after ${view.root}; somebody keeps it from this cluster`,
      { code: 'CHANNEL_UNTRUSTED', retry: 'backoff' },
    );
  }
  return { view, index, lookedAt, releases: isSame ? before.releases : new Map() };
}

function isSameRole(view: ChannelView, before: ChannelView): boolean {
  const [now, then] = [view.trusted.get(releasesRole), before.trusted.get(releasesRole)];
  return (
    now !== undefined && then !== undefined && now.length === then.length && now.every((byte, at) => byte === then[at])
  );
}

/** @throws CHANNEL_INVALID, CHANNEL_UNREACHABLE, CHANNEL_UNTRUSTED, OBJECT_INVALID */
export async function readRelease(known: KnownChannel, name: string, signal: AbortSignal): Promise<Release> {
  const kept = known.releases.get(name);
  if (kept !== undefined) {
    return kept;
  }
  const bytes = await known.view.read(releasePath(name), maxReleaseBytes, signal);
  const release = decodeRelease(name, JSON.parse(new TextDecoder().decode(bytes)));
  const entry = known.index.releases.find((one) => one.name === name);
  if (release.channel !== known.index.channel || release.sequence !== entry?.sequence) {
    throw new OperationError(`read Release ${name}: it is of another channel, or of another place in it`, {
      code: 'CHANNEL_INVALID',
      retry: 'backoff',
    });
  }
  known.releases.set(name, release);
  const [oldest] = known.releases.keys();
  if (known.releases.size > maxReleases && oldest !== undefined) {
    known.releases.delete(oldest);
  }
  return release;
}
