/** Fulfils the engine's Channels: Channels and Releases in the Kubernetes API. */
import type { Channels } from '../../engine/ports/channels.ts';
import type { KubeClient } from '../../kube/client.ts';
import { apiVersionOf } from '../../kube/objects.ts';
import type { ChannelObjectWire } from '../../resources/decode-channel.ts';
import type { ReleaseObjectWire } from '../../resources/decode-release.ts';
import { channels, fieldManager, type ProductObject, releases } from './kinds.ts';
import type { Watched } from './watched.ts';

export interface ClusterChannelsOptions {
  readonly client: KubeClient;
  readonly watched: {
    readonly channels: Pick<Watched<ChannelObjectWire>, 'find' | 'list'>;
    readonly releases: Pick<Watched<ReleaseObjectWire>, 'list'>;
  };
}

export function createChannels({ client, watched }: ClusterChannelsOptions): Channels {
  return {
    find: (namespace, name) => watched.channels.find(namespace, name),
    list: (namespace) => watched.channels.list(namespace),
    listReleases: ({ metadata }) =>
      watched.releases.list(metadata.namespace).filter(({ spec }) => spec.channel === metadata.name),
    async writeStatus(channel, status, signal) {
      const object = { ...channel, apiVersion: apiVersionOf(channels), kind: channels.kind, status };
      await client.replaceStatus<ProductObject>(channels, object, { fieldManager, signal });
    },
    async writeReleaseStatus(release, status, signal) {
      const object = { ...release, apiVersion: apiVersionOf(releases), kind: releases.kind, status };
      await client.replaceStatus<ProductObject>(releases, object, { fieldManager, signal });
    },
  };
}
