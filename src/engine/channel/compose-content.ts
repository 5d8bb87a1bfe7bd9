/** What a channel shall hold, from the Releases of the hub. */
import type { ChannelIndex, IndexEntry } from '../../core/channel/channel-index.ts';
import { graphOf } from '../../core/channel/graph.ts';
import { indexPath, releasePath } from '../../core/channel/layout.ts';
import type { DeadEnd, Release } from '../../core/channel/release.ts';
import type { Rollout } from '../../core/channel/rollout.ts';
import { OperationError } from '../../core/errors.ts';
import { decodeChannelIndex, encodeChannelIndex } from '../../resources/channel/channel-index.ts';
import { encodeRelease } from '../../resources/channel/decode-release.ts';
import type { ChannelContent, FileMark, PublishedNow } from '../ports/channel-publisher.ts';

export interface Composition {
  readonly channel: string;
  /** All that may be published; which of them stay follows from `retention`. */
  readonly releases: readonly Release[];
  readonly deadEnds: readonly DeadEnd[];
  readonly rollout: Rollout;
  readonly retention: number;
  readonly now: Date;
}

/**
 * The newest Releases, and those before them that clusters have to step on.
 *
 * When one was published first is kept as the channel has it, so that its curve does not begin anew.
 *
 * @throws CHANNEL_INVALID where what is published is another channel
 */
export function composeContent(composition: Composition, published: PublishedNow): ChannelContent {
  const { channel, rollout } = composition;
  const before = published.index === undefined ? undefined : readIndex(published.index);
  if (before !== undefined && before.channel !== channel) {
    throw new OperationError(
      `publish channel ${channel}: what is published there is channel ${before.channel}; give each a folder of its own`,
      { code: 'CHANNEL_INVALID', retry: 'never' },
    );
  }
  const kept = keptReleases(composition);
  const releases = kept.map((release) => entryOf(composition, release, before));
  const index: ChannelIndex = { channel, root: published.root, rollout, releases };
  const files = new Map([[indexPath, jsonFile(encodeChannelIndex(index))]]);
  const added = new Map<string, FileMark>();
  for (const release of kept) {
    files.set(releasePath(release.name), jsonFile(encodeRelease(release)));
    for (const { path, length, sha256 } of release.targets) {
      added.set(path, { length, sha256 });
    }
  }
  return { files, added, graph: graphOf(index, releasePath) };
}

/** @throws SyntaxError, OBJECT_INVALID, CHANNEL_INVALID */
export function readIndex(bytes: Uint8Array): ChannelIndex {
  return decodeChannelIndex(JSON.parse(new TextDecoder().decode(bytes)));
}

function keptReleases({ releases, retention }: Composition): readonly Release[] {
  const sorted = releases.toSorted((left, right) => left.sequence - right.sequence);
  const oldest = sorted.length - retention;
  return sorted.filter(({ barrier }, at) => at >= oldest || barrier);
}

function entryOf(
  { deadEnds, now }: Composition,
  { name, sequence, barrier, requires, soakedForMs }: Release,
  before: ChannelIndex | undefined,
): IndexEntry {
  const known = before?.releases.find((entry) => entry.name === name);
  const deadEnd = deadEnds.find(({ release }) => release === name);
  return {
    ...{ name, sequence, barrier, requires, soakedForMs },
    publishedAt: known?.publishedAt ?? now,
    withdrawn: deadEnd && { reason: deadEnd.reason },
  };
}

function jsonFile(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, undefined, 1)}\n`);
}
