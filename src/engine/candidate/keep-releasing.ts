/** The part of a pass over a Channel that makes Releases, where the Channel is to make them. */
import { isOperationError } from '../../core/errors.ts';
import type { Waiting } from '../../core/waiting.ts';
import { type ChannelObjectWire, decodeChannelSpec } from '../../resources/channel/decode-channel.ts';
import type { ChannelState, PublishedChannel } from '../channel/publish-channel.ts';
import { advanceCandidate } from './advance-candidate.ts';
import type { CandidateContext } from './candidate-context.ts';
import { findUntriable } from './find-untriable.ts';

export interface Releasing {
  /** As it is written by now. */
  readonly channel: ChannelObjectWire;
  readonly state: ChannelState;
  /** What the candidate waits for, or why the last one came to nothing; undefined: there is nothing to say. */
  readonly waiting: Waiting | undefined;
  readonly until: Date | undefined;
}

const retryMs = 60_000;

/** @throws errors of the API server; what is wrong with sources, keys and the store is a state */
export async function keepReleasing(
  context: CandidateContext,
  channel: ChannelObjectWire,
  { state, apps: names }: Pick<PublishedChannel, 'state' | 'apps'>,
  signal: AbortSignal,
): Promise<Releasing> {
  const nothing = { channel, state, waiting: undefined, until: undefined };
  if (state.kind === 'Invalid' || state.kind === 'Conflict' || names.length === 0) {
    return nothing;
  }
  const spec = decodeChannelSpec(channel);
  if (!spec.makesReleases || spec.suspend) {
    return nothing;
  }
  const { namespace } = channel.metadata;
  const apps = names.flatMap((name) => context.records.findApp(namespace, name) ?? []);
  const untriable = findUntriable(context, { channel, spec, apps });
  if (untriable !== undefined) {
    return { ...nothing, state: { kind: 'Invalid', message: untriable } };
  }
  try {
    return { state, ...(await advanceCandidate(context, { channel, spec, apps }, signal)) };
  } catch (error) {
    if (!isOperationError(error) || error.code === 'INVARIANT' || /^(API_|LEASE_)/.test(error.code)) {
      throw error;
    }
    const until = new Date(context.clock.now().getTime() + retryMs);
    return { ...nothing, state: { kind: 'Failed', message: error.message }, until };
  }
}
