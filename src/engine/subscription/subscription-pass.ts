/** What the parts of one pass over a Subscription share. */
import type { ReleaseVerdict } from '../../core/channel/choose-release.ts';
import type { SubscriptionSpec } from '../../core/channel/subscription.ts';
import type { OperationError } from '../../core/errors.ts';
import type { Values } from '../../core/helm/values.ts';
import type { SubscriptionObjectWire } from '../../resources/channel/decode-subscription.ts';
import type { ChannelPlace, ChannelReader } from '../ports/channel-reader.ts';
import type { Clock } from '../ports/clock.ts';
import type { OutcomeSender } from '../ports/outcome-reports.ts';
import type { DirectRecords } from '../ports/records.ts';
import type { Subscriptions } from '../ports/subscriptions.ts';
import type { KnownChannel } from './channel-memory.ts';

export interface FollowContext {
  readonly subscriptions: Subscriptions;
  readonly reader: ChannelReader;
  readonly reports: OutcomeSender;
  /** What of values does not match the schema of a chart. @throws HELM_CHART_INVALID */
  readonly findValuesFault: (archive: Uint8Array, values: Values) => Promise<string | undefined>;
  readonly rejections: Pick<DirectRecords, 'reject'>;
  readonly clusterVersion: (signal: AbortSignal) => Promise<string>;
  /** Of Headgate. */
  readonly ownVersion: string;
  readonly clock: Clock;
  /** 0 to 1; spreads the looks of many clusters. */
  readonly random: () => number;
  readonly assertLeading: () => void;
  /** By `namespace/name`. */
  readonly channels: Map<string, SubscriptionMemory>;
}

/** What this process knows of a Subscription besides its status. */
export interface SubscriptionMemory {
  readonly known: KnownChannel | undefined;
  readonly nextLookAt: Date;
  readonly failure: OperationError | undefined;
  /** Of the Subscription that it is about. */
  readonly generation: number | undefined;
  /** What its spec names; read again once a look has failed. */
  readonly place: ChannelPlace | undefined;
  /** The hub did not take a report. */
  readonly reportAgainAt?: Date | undefined;
}

export type FollowState =
  | { readonly kind: 'Invalid'; readonly message: string }
  | { readonly kind: 'Suspended' }
  | { readonly kind: 'Unavailable'; readonly message: string; readonly until: Date }
  | { readonly kind: 'Evidence'; readonly message: string }
  | { readonly kind: 'Conflict'; readonly message: string }
  | { readonly kind: 'Unfit'; readonly message: string }
  | { readonly kind: 'InProgress'; readonly message: string }
  | Exclude<ReleaseVerdict, { readonly kind: 'Take' | 'GoBack' }>;

export interface AppStanding {
  readonly name: string;
  readonly namespace: string;
  readonly state: 'Current' | 'Pending' | 'Ignored' | 'Dropped' | 'Rejected';
}

export interface Subject {
  readonly subscription: SubscriptionObjectWire;
  readonly spec: SubscriptionSpec;
}

export interface FollowWork extends Subject {
  readonly known: KnownChannel;
}
