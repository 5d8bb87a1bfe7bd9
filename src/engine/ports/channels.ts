/** Channels and their Releases in the API server of the hub. */
import type { PublishSettings } from '../../core/channel/channel.ts';
import type { ChannelObjectWire } from '../../resources/channel/decode-channel.ts';
import type { ReleaseObjectWire } from '../../resources/channel/decode-release.ts';
import type { ReleaseSpecWire } from '../../resources/channel/release.ts';
import type { ChannelPublisher } from './channel-publisher.ts';

/** Straight from and to the API server. */
export interface DirectChannels {
  readChannel(namespace: string, name: string, signal: AbortSignal): Promise<ChannelObjectWire | undefined>;
  /** @throws API_CONFLICT when somebody else wrote it since it was read */
  writeStatus(
    channel: ChannelObjectWire,
    status: NonNullable<ChannelObjectWire['status']>,
    signal: AbortSignal,
  ): Promise<ChannelObjectWire>;
}

export interface Channels extends DirectChannels {
  /** A watched copy. */
  find(namespace: string, name: string): ChannelObjectWire | undefined;
  /** All of a namespace, in the watched copy. */
  list(namespace: string): readonly ChannelObjectWire[];
  /** Of one Channel, in the watched copy. */
  listReleases(channel: ChannelObjectWire): readonly ReleaseObjectWire[];
  /** One of that name may be there already. @throws API_CONFLICT when it is */
  createRelease(
    channel: ChannelObjectWire,
    release: {
      readonly name: string;
      readonly labels: Readonly<Record<string, string>>;
      readonly spec: ReleaseSpecWire;
    },
    signal: AbortSignal,
  ): Promise<void>;
  /** Of one Channel, from the API server. */
  readReleases(channel: ChannelObjectWire, signal: AbortSignal): Promise<readonly ReleaseObjectWire[]>;
  /** @throws API_CONFLICT when somebody else wrote it since it was read */
  writeReleaseStatus(
    release: ReleaseObjectWire,
    status: NonNullable<ReleaseObjectWire['status']>,
    signal: AbortSignal,
  ): Promise<void>;
}

export interface ChannelPublishers {
  /**
   * With the keys of the Secret that the Channel names.
   *
   * @throws SECRET_NOT_FOUND, KEY_UNUSABLE, USAGE where Headgate was started without a folder for channels
   */
  publisherFor(namespace: string, settings: PublishSettings, signal: AbortSignal): Promise<ChannelPublisher>;
}
