/** Fulfils the engine's Channels: Channels and Releases in the Kubernetes API. */
import type { Channels, DirectChannels } from '../../engine/ports/channels.ts';
import type { KubeClient } from '../../kube/client.ts';
import { apiVersionOf } from '../../kube/objects.ts';
import { type ChannelObjectWire, decodeChannel } from '../../resources/channel/decode-channel.ts';
import { decodeReleaseObject, type ReleaseObjectWire } from '../../resources/channel/decode-release.ts';
import { channels, fieldManager, type ProductObject, releases } from './kinds.ts';
import type { Watched } from './watched.ts';

export interface ClusterChannelsOptions {
  readonly client: KubeClient;
  readonly watched: {
    readonly channels: Pick<Watched<ChannelObjectWire>, 'find' | 'list'>;
    readonly releases: Pick<Watched<ReleaseObjectWire>, 'list'>;
  };
}

export function createDirectChannels(client: KubeClient): DirectChannels {
  const decode = (object: ProductObject) =>
    decodeChannel(object, `Channel ${object.metadata.namespace}/${object.metadata.name}`);
  return {
    async readChannel(namespace, name, signal) {
      const object = await client.find<ProductObject>(channels, { namespace, name }, { signal });
      return object && decode(object);
    },
    async writeStatus(channel, status, signal) {
      const object = { ...channel, apiVersion: apiVersionOf(channels), kind: channels.kind, status };
      return decode(await client.replaceStatus<ProductObject>(channels, object, { fieldManager, signal }));
    },
  };
}

export function createChannels({ client, watched }: ClusterChannelsOptions): Channels {
  return {
    ...createDirectChannels(client),
    find: (namespace, name) => watched.channels.find(namespace, name),
    list: (namespace) => watched.channels.list(namespace),
    listReleases: ({ metadata }) =>
      watched.releases.list(metadata.namespace).filter(({ spec }) => spec.channel === metadata.name),
    async createRelease({ metadata: { namespace } }, { name, labels, spec }, signal) {
      await client.create<ProductObject>(
        releases,
        { metadata: { namespace, name, labels }, spec },
        { fieldManager, signal },
      );
    },
    async readReleases({ metadata: { namespace, name } }, signal) {
      const { items } = await client.list<ProductObject>(releases, { namespace, signal });
      const all = items.map((item) => decodeReleaseObject(item, `Release ${namespace}/${item.metadata.name}`));
      return all.filter(({ spec }) => spec.channel === name);
    },
    async writeReleaseStatus(release, status, signal) {
      const object = { ...release, apiVersion: apiVersionOf(releases), kind: releases.kind, status };
      await client.replaceStatus<ProductObject>(releases, object, { fieldManager, signal });
    },
  };
}
