/** One pass over one Channel of the hub, and what its status says afterwards. */
import { isDeepStrictEqual } from 'node:util';
import type { Waiting, WaitingReason } from '../core/waiting.ts';
import { release } from '../engine/candidate/advance-candidate.ts';
import type { CandidateContext } from '../engine/candidate/candidate-context.ts';
import { keepReleasing, type Releasing } from '../engine/candidate/keep-releasing.ts';
import type { ChannelState, PublishContext, PublishedChannel } from '../engine/channel/publish-channel.ts';
import { type PublishMemory, publishRemembered } from '../engine/channel/publish-remembered.ts';
import type { ReconcileResult } from '../kube/controller.ts';
import { parseKey } from '../kube/objects.ts';
import type { ChannelObjectWire } from '../resources/channel/decode-channel.ts';
import { setConditions } from '../resources/conditions.ts';
import { encodeWaiting } from '../resources/update/decode-update.ts';
import type { SeenChannel } from '../telemetry/channel-metrics.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface ChannelControllerContext extends PublishContext, CandidateContext {
  readonly publishMemory: PublishMemory;
  readonly metrics: Pick<Metrics, 'channels'>;
}

/** @throws errors of the API server */
export async function reconcileChannel(
  context: ChannelControllerContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { namespace, name } = parseKey(key);
  const channel = context.channels.find(namespace, name);
  if (!channel || channel.metadata.deletionTimestamp !== undefined) {
    context.metrics.channels.forget({ namespace, channel: name });
    context.publishMemory.delete(key);
    release(context, { metadata: { namespace, name } });
    return {};
  }
  const found = await publishRemembered(context, channel, signal);
  const releasing = await keepReleasing(context, channel, found, signal);
  const now = context.clock.now();
  const status = statusOf(releasing, found, now);
  context.metrics.channels.observe({ namespace, channel: name }, seenOf(status, found));
  if (!isDeepStrictEqual(status, releasing.channel.status)) {
    context.assertLeading();
    await context.channels.writeStatus(releasing.channel, status, signal);
  }
  const times = [found.nextAt, releasing.until].flatMap((time) => (time === undefined ? [] : [time.getTime()]));
  return times.length === 0 ? {} : { requeueAfterMs: Math.max(0, Math.min(...times) - now.getTime()) + 1 };
}

const reasons = {
  Invalid: 'InvalidSpec',
  Conflict: 'TargetConflict',
  Failed: 'PublishFailed',
  NoApps: 'TargetNotFound',
  RootExpiring: 'RootExpiring',
  Paused: 'RolloutPaused',
  Published: 'UpToDate',
} as const satisfies Readonly<Record<ChannelState['kind'], WaitingReason>>;

function statusOf(
  { channel, state, waiting: candidate }: Releasing,
  found: PublishedChannel,
  now: Date,
): NonNullable<ChannelObjectWire['status']> {
  const { apps, release: newest, publication } = found;
  const { reason, message, until } = waitingOf(state, candidate);
  const isGood = state.kind === 'Published' || state.kind === 'RootExpiring' || state.kind === 'Paused';
  const isStalled = state.kind === 'Invalid' || state.kind === 'Conflict';
  const generation = channel.metadata.generation ?? 0;
  const before = channel.status;
  return {
    ...journalOf(before),
    observedGeneration: generation,
    conditions: setConditions(
      before?.conditions,
      {
        Ready: { status: isGood ? 'True' : 'False', reason, message },
        Reconciling: { status: state.kind === 'Failed' || before?.candidate ? 'True' : 'False', reason, message },
        Stalled: { status: isStalled ? 'True' : 'False', reason, message },
      },
      generation,
      now,
    ),
    waiting: encodeWaiting({ reason, message, ...(until && { until }) }),
    apps: [...apps],
    ...((newest ?? before?.release) !== undefined && { release: newest ?? before?.release ?? '' }),
    ...publishedOf(before?.published, publication, now),
  };
}

function seenOf(
  { published, waiting, candidate }: NonNullable<ChannelObjectWire['status']>,
  { publication, nextAt }: PublishedChannel,
): SeenChannel {
  return {
    published: publication && nextAt && { ...publication, signingDue: nextAt },
    publishedAt: published && new Date(published.at),
    waiting: waiting?.reason ?? '',
    candidateSince: candidate && new Date(candidate.startedAt),
  };
}

/** What only the candidates and people change. */
function journalOf(before: ChannelObjectWire['status']): NonNullable<ChannelObjectWire['status']> {
  const { candidate, candidates, barred, pendingSince, actions } = before ?? {};
  return {
    ...(candidate && { candidate }),
    ...(candidates && { candidates }),
    ...(barred && { barred }),
    ...(pendingSince !== undefined && { pendingSince }),
    ...(actions && { actions }),
  };
}

/** What is wrong with publishing comes first, then what a candidate waits for. */
function waitingOf(state: ChannelState, candidate: Waiting | undefined): Waiting {
  const message = 'message' in state ? state.message : 'what its Releases say is published';
  return state.kind === 'Published' && candidate
    ? candidate
    : { reason: reasons[state.kind], message, ...('until' in state && { until: state.until }) };
}

function publishedOf(
  before: NonNullable<ChannelObjectWire['status']>['published'],
  publication: PublishedChannel['publication'],
  now: Date,
): Pick<NonNullable<ChannelObjectWire['status']>, 'published'> {
  if (publication === undefined) {
    return before === undefined ? {} : { published: before };
  }
  const at = publication.changed || before === undefined ? now.toISOString() : before.at;
  const { expires, rootExpires } = publication;
  return { published: { at, expires: expires.toISOString(), rootExpires: rootExpires.toISOString() } };
}
