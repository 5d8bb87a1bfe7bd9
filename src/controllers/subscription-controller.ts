/** One pass over one Subscription, and what its status says afterwards. */
import { isDeepStrictEqual } from 'node:util';
import type { Waiting, WaitingReason } from '../core/waiting.ts';
import { type Followed, followChannel } from '../engine/subscription/follow-channel.ts';
import type { FollowContext, FollowState } from '../engine/subscription/subscription-pass.ts';
import type { ReconcileResult } from '../kube/controller.ts';
import { parseKey } from '../kube/objects.ts';
import type { SubscriptionObjectWire } from '../resources/channel/decode-subscription.ts';
import {
  type SubscriptionFinding,
  subscriptionStatusOf,
  waitingFor,
} from '../resources/channel/subscription-status.ts';

/** @throws errors of the API server; what is wrong with the Subscription or its channel is written to its status instead */
export async function reconcileSubscription(
  context: FollowContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { namespace, name } = parseKey(key);
  const subscription = context.subscriptions.find(namespace, name);
  if (!subscription || subscription.metadata.deletionTimestamp !== undefined) {
    context.channels.delete(key);
    return {};
  }
  const followed = await followChannel(context, subscription, signal);
  const now = context.clock.now();
  const status = subscriptionStatusOf(subscription, findingOf(subscription, followed), now);
  if (!isDeepStrictEqual(status, subscription.status)) {
    context.assertLeading();
    await context.subscriptions.writeStatus(subscription, status, signal);
  }
  const times = [followed.nextLookAt, untilOf(followed.state)].filter((time) => time !== undefined);
  const soonest = Math.min(...times.map((time) => time.getTime() - now.getTime()));
  return times.length === 0 ? {} : { requeueAfterMs: Math.max(soonest, 0) };
}

function findingOf(subscription: SubscriptionObjectWire, followed: Followed): SubscriptionFinding {
  const { known, release, apps, position, available, state, reported } = followed;
  const waiting = waitingOf(state);
  const stalled = state.kind === 'Invalid' || state.kind === 'Conflict' || state.kind === 'Unfit';
  const isBad = stalled || state.kind === 'Unavailable' || state.kind === 'Withdrawn';
  return {
    waiting,
    ready: isBad ? 'False' : state.kind === 'InProgress' ? 'Unknown' : 'True',
    stalled,
    release: release && { name: release.name, sequence: release.sequence },
    available,
    reported: reported && { ...reported },
    position: position === undefined ? undefined : Math.round(position * 10_000) / 10_000,
    channel: known === undefined ? subscription.status?.channel : channelOf(subscription, known),
    apps: apps.map((app) => ({ ...app })),
  };
}

function channelOf(
  { status }: SubscriptionObjectWire,
  { view, lookedAt }: NonNullable<Followed['known']>,
): SubscriptionFinding['channel'] {
  const { root, timestamp, expires } = view;
  const before = status?.channel;
  const isSame = before?.timestamp === timestamp && before.root === root && before.refreshedAt !== undefined;
  return isSame ? before : { root, timestamp, expires: expires.toISOString(), refreshedAt: lookedAt.toISOString() };
}

const waitReasons = {
  Turn: 'RolloutTurn',
  Paused: 'RolloutPaused',
  Age: 'MinimumAge',
  Unfit: 'ReleaseUnfit',
  Held: 'ReleaseHeld',
  NotThere: 'ReleaseMissing',
} as const satisfies Readonly<Record<string, WaitingReason>>;

function waitingOf(state: FollowState): Waiting {
  switch (state.kind) {
    case 'Invalid':
      return waitingFor('InvalidSpec', state.message);
    case 'Suspended':
      return waitingFor('Suspended', 'spec.suspend is set');
    case 'Unavailable':
      return waitingFor('ChannelUnavailable', state.message, state.until);
    case 'Evidence':
      return waitingFor('EvidenceMissing', state.message);
    case 'Conflict':
      return waitingFor('TargetConflict', state.message);
    case 'Unfit':
      return waitingFor('ReleaseUnfit', state.message);
    case 'InProgress':
      return waitingFor('ReleaseInProgress', state.message);
    case 'Withdrawn':
      return waitingFor('ReleaseWithdrawn', `what runs was withdrawn: ${state.reason}`);
    case 'UpToDate':
      return waitingFor('UpToDate', 'what runs is the newest Release');
    case 'Wait':
      return waitingFor(waitReasons[state.why], state.message, state.until);
  }
}

function untilOf(state: FollowState): Date | undefined {
  return state.kind === 'Wait' ? state.until : undefined;
}
