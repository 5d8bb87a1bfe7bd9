/** Subscriptions and what belongs to them, in the API server of the cluster. */
import type { AppSpecWire } from '../../resources/app/app.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import type { SubscriptionObjectWire } from '../../resources/channel/decode-subscription.ts';
import type { ChannelPlace, TrustedFiles } from './channel-reader.ts';

/** An App that a Subscription makes, or brings to what a Release says. */
export interface SubscribedApp {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: AppSpecWire;
}

export interface Subscriptions {
  /** A watched copy. */
  find(namespace: string, name: string): SubscriptionObjectWire | undefined;
  /** Apps in the watched copy that carry its label. */
  listApps(subscription: SubscriptionObjectWire): readonly AppObjectWire[];
  /** Any App of that name, in the watched copy. */
  findApp(namespace: string, name: string): AppObjectWire | undefined;
  /**
   * What its spec names: root, mirrors, credentials.
   *
   * @throws SECRET_NOT_FOUND, SECRET_INVALID
   */
  readPlace(subscription: SubscriptionObjectWire, signal: AbortSignal): Promise<ChannelPlace>;
  /** What was verified of its channel before this process began. */
  readTrusted(subscription: SubscriptionObjectWire, signal: AbortSignal): Promise<TrustedFiles>;
  writeTrusted(subscription: SubscriptionObjectWire, files: TrustedFiles, signal: AbortSignal): Promise<void>;
  applyApp(app: SubscribedApp, signal: AbortSignal): Promise<void>;
  deleteApp(app: AppObjectWire, signal: AbortSignal): Promise<void>;
  /** @throws API_CONFLICT when somebody else wrote it since it was read */
  writeStatus(
    subscription: SubscriptionObjectWire,
    status: NonNullable<SubscriptionObjectWire['status']>,
    signal: AbortSignal,
  ): Promise<void>;
}
