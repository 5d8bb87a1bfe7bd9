/** How long what is published may be believed: to be alarmed before it may not. */
import { Counter, Gauge, type Registry } from 'prom-client';

const labels = ['namespace', 'channel'] as const;

export const channelDefinitions = {
  channelExpires: {
    name: 'headgate_channel_expires_timestamp_seconds',
    type: 'gauge',
    help: 'Until when clusters take something new from a channel unless it is signed anew, which happens by itself in time; as Unix time.',
    labels,
  },
  channelRootExpires: {
    name: 'headgate_channel_root_expires_timestamp_seconds',
    type: 'gauge',
    help: 'Until when the root of a channel is valid; people have to sign a new one before, as Unix time.',
    labels,
  },
  channelTrials: {
    name: 'headgate_channel_trials_total',
    type: 'counter',
    help: 'Trials of a Channel that have ended, by path (Place: in the test cluster itself; Install, Upgrade: in a scratch namespace) and result (Passed, Failed, Unclear).',
    labels: [...labels, 'path', 'result'],
  },
} as const;

interface Channel {
  readonly namespace: string;
  readonly channel: string;
}

export interface ChannelMetrics {
  observe(channel: Channel, published: { readonly expires: Date; readonly rootExpires: Date }): void;
  ended(channel: Channel, trial: { readonly path: string; readonly result: string }): void;
  forget(channel: Channel): void;
}

export function createChannelMetrics(registry: Registry): ChannelMetrics {
  const make = ({ name, help }: { readonly name: string; readonly help: string }) =>
    new Gauge({ name, help, labelNames: [...labels], registers: [registry] });
  const expires = make(channelDefinitions.channelExpires);
  const rootExpires = make(channelDefinitions.channelRootExpires);
  const { name, help, labels: labelNames } = channelDefinitions.channelTrials;
  const trials = new Counter({ name, help, labelNames, registers: [registry] });
  return {
    ended({ namespace, channel }, { path, result }) {
      trials.inc({ namespace, channel, path, result });
    },
    observe({ namespace, channel }, published) {
      expires.set({ namespace, channel }, published.expires.getTime() / 1_000);
      rootExpires.set({ namespace, channel }, published.rootExpires.getTime() / 1_000);
    },
    forget({ namespace, channel }) {
      expires.remove({ namespace, channel });
      rootExpires.remove({ namespace, channel });
    },
  };
}
