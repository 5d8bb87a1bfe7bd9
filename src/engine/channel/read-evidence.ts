/** What the tests of a Release came to, read back from where its Channel keeps it. */
import type { Statement } from '../../core/channel/evidence.ts';
import { type ChannelObjectWire, decodeChannelSpec } from '../../resources/channel/decode-channel.ts';
import type { ReleaseObjectWire } from '../../resources/channel/decode-release.ts';
import type { ChannelPublishers } from '../ports/channels.ts';

/**
 * The statements of a Release, each signed with the keys of its Channel.
 *
 * @returns undefined: it has none, or not any more
 * @throws OBJECT_INVALID for a Channel that cannot be read, and what publishers throw
 */
export async function readEvidence(
  publishers: ChannelPublishers,
  { channel, release }: { readonly channel: ChannelObjectWire; readonly release: ReleaseObjectWire },
  signal: AbortSignal,
): Promise<readonly Statement[] | undefined> {
  const target = release.spec.targets?.find(({ kind }) => kind === 'Evidence');
  if (target === undefined) {
    return undefined;
  }
  const { publish } = decodeChannelSpec(channel);
  const publisher = await publishers.publisherFor(channel.metadata.namespace, publish, signal);
  return await publisher.readStatements(target.path, target, signal);
}
