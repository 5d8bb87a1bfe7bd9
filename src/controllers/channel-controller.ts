/** One pass over one Channel of the hub, and what its status says afterwards. */
import { isDeepStrictEqual } from 'node:util';
import type { WaitingReason } from '../core/waiting.ts';
import {
  type ChannelState,
  type PublishContext,
  type PublishedChannel,
  publishChannel,
} from '../engine/channel/publish-channel.ts';
import type { ReconcileResult } from '../kube/controller.ts';
import { parseKey } from '../kube/objects.ts';
import { setConditions } from '../resources/conditions.ts';
import type { ChannelObjectWire } from '../resources/decode-channel.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface ChannelControllerContext extends PublishContext {
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
    return {};
  }
  const found = await publishChannel(context, channel, signal);
  const now = context.clock.now();
  if (found.publication !== undefined) {
    context.metrics.channels.observe({ namespace, channel: name }, found.publication);
  }
  const status = statusOf(channel, found, now);
  if (!isDeepStrictEqual(status, channel.status)) {
    context.assertLeading();
    await context.channels.writeStatus(channel, status, signal);
  }
  return found.nextAt === undefined ? {} : { requeueAfterMs: Math.max(0, found.nextAt.getTime() - now.getTime()) };
}

const reasons = {
  Invalid: 'InvalidSpec',
  Conflict: 'TargetConflict',
  Failed: 'PublishFailed',
  NoApps: 'TargetNotFound',
  RootExpiring: 'RootExpiring',
  Published: 'UpToDate',
} as const satisfies Readonly<Record<ChannelState['kind'], WaitingReason>>;

function statusOf(
  channel: ChannelObjectWire,
  found: PublishedChannel,
  now: Date,
): NonNullable<ChannelObjectWire['status']> {
  const { state, apps, release, publication } = found;
  const reason = reasons[state.kind];
  const message = 'message' in state ? state.message : 'what its Releases say is published';
  const isGood = state.kind === 'Published' || state.kind === 'RootExpiring';
  const isStalled = state.kind === 'Invalid' || state.kind === 'Conflict';
  const generation = channel.metadata.generation ?? 0;
  const before = channel.status;
  return {
    observedGeneration: generation,
    conditions: setConditions(
      before?.conditions,
      {
        Ready: { status: isGood ? 'True' : 'False', reason, message },
        Reconciling: { status: state.kind === 'Failed' ? 'True' : 'False', reason, message },
        Stalled: { status: isStalled ? 'True' : 'False', reason, message },
      },
      generation,
      now,
    ),
    waiting: { reason, message, ...(state.kind === 'RootExpiring' && { until: state.until.toISOString() }) },
    apps: [...apps],
    ...((release ?? before?.release) !== undefined && { release: release ?? before?.release ?? '' }),
    ...publishedOf(before?.published, publication, now),
  };
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
