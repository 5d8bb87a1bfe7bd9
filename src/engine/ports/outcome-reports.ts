/** Reports of outcomes: sent by clusters, counted by their hub. */
import type { OutcomeReport, Tally } from '../../core/channel/outcome-report.ts';
import type { SubscriptionObjectWire } from '../../resources/channel/decode-subscription.ts';

export interface OutcomeSender {
  /**
   * Signed with a key that only this Subscription has, and that says nothing of it.
   *
   * @throws OUTBOUND_REFUSED, OUTBOUND_UNREACHABLE, OUTBOUND_ANSWER_INVALID where it is not taken; SECRET_NOT_FOUND, SECRET_INVALID
   */
  send(subscription: SubscriptionObjectWire, report: OutcomeReport, signal: AbortSignal): Promise<void>;
}

/** Where the hub keeps what was reported of the Releases of its Channels. */
export interface ReportTallies {
  /** By Release. */
  read(channel: ChannelKey, signal: AbortSignal): Promise<ReadonlyMap<string, Tally>>;
  /** @throws API_CONFLICT when somebody else wrote since it was read */
  write(channel: ChannelKey, tallies: ReadonlyMap<string, Tally>, signal: AbortSignal): Promise<void>;
}

export interface ChannelKey {
  readonly namespace: string;
  readonly name: string;
}
