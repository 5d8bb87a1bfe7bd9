/** Publishing is looked at again only when something that it depends on has changed, or when signatures are due. */
import type { ChannelObjectWire } from '../../resources/channel/decode-channel.ts';
import { type PublishContext, type PublishedChannel, publishChannel } from './publish-channel.ts';

/** By `namespace/name`; of this process. */
export type PublishMemory = Map<string, { readonly basis: string; readonly found: PublishedChannel }>;

/** @throws as publishChannel */
export async function publishRemembered(
  context: PublishContext & { readonly publishMemory: PublishMemory },
  channel: ChannelObjectWire,
  signal: AbortSignal,
): Promise<PublishedChannel> {
  const { publishMemory, clock } = context;
  const { namespace, name } = channel.metadata;
  const key = `${namespace}/${name}`;
  const basis = basisOf(context, channel);
  const known = publishMemory.get(key);
  const isDue = known?.found.nextAt === undefined || known.found.nextAt <= clock.now();
  if (known?.basis === basis && !isDue && known.found.publication !== undefined) {
    return { ...known.found, publication: { ...known.found.publication, changed: false } };
  }
  const found = await publishChannel(context, channel, signal);
  publishMemory.set(key, { basis, found });
  return found;
}

function basisOf({ channels, listApps }: PublishContext, channel: ChannelObjectWire): string {
  const { namespace, uid, generation } = channel.metadata;
  const releases = channels.listReleases(channel).map(({ metadata }) => [metadata.uid, metadata.resourceVersion]);
  const others = channels.list(namespace).map(({ metadata }) => [metadata.uid, metadata.generation]);
  const apps = listApps(namespace).map(({ metadata }) => [metadata.name, metadata.labels]);
  return JSON.stringify([uid, generation, releases, others, apps]);
}
