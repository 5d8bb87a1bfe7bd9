/** One pass over one Subscription: look at its channel when it is time, choose a Release, give its versions to the Apps. */
import type { Release } from '../../core/channel/release.ts';
import { wavePosition } from '../../core/channel/rollout.ts';
import type { SubscriptionSpec } from '../../core/channel/subscription.ts';
import { isOperationError } from '../../core/errors.ts';
import { decodeSubscriptionSpec, type SubscriptionObjectWire } from '../../resources/channel/decode-subscription.ts';
import { type KnownChannel, readChannel } from './channel-memory.ts';
import { chooseTarget } from './choose-target.ts';
import { giveRelease, standingOf } from './give-release.ts';
import { type Reported, reportOutcome } from './report-outcome.ts';
import type {
  AppStanding,
  FollowContext,
  FollowState,
  FollowWork,
  Subject,
  SubscriptionMemory,
} from './subscription-pass.ts';

/** What a pass found. */
export interface Followed {
  readonly state: FollowState;
  readonly known: KnownChannel | undefined;
  /** The Release that the Apps are given now. */
  readonly release: Release | undefined;
  readonly apps: readonly AppStanding[];
  readonly position: number | undefined;
  readonly available: string | undefined;
  readonly nextLookAt: Date | undefined;
  /** What the hub was told. */
  readonly reported: Reported | undefined;
}

/** @throws errors of the API server; what is wrong with the Subscription or its channel is a state */
export async function followChannel(
  context: FollowContext,
  subscription: SubscriptionObjectWire,
  signal: AbortSignal,
): Promise<Followed> {
  const spec = readSpec(subscription);
  if ('message' in spec) {
    return stopped(subscription, { kind: 'Invalid', message: spec.message });
  }
  if (spec.suspend) {
    return stopped(subscription, { kind: 'Suspended' });
  }
  const memory = await lookWhenDue(context, { subscription, spec }, signal);
  if (memory.known === undefined) {
    const message = memory.failure?.message ?? 'the channel was not looked at yet';
    const state = { kind: 'Unavailable', message, until: memory.nextLookAt } as const;
    return { ...stopped(subscription, state), nextLookAt: memory.nextLookAt };
  }
  const work = { subscription, spec, known: memory.known };
  const { failure, nextLookAt } = memory;
  const followed = await followOrSay(context, work, nextLookAt, signal);
  const isQuiet = followed.state.kind === 'UpToDate' || followed.state.kind === 'InProgress';
  return failure !== undefined && isQuiet
    ? { ...followed, state: { kind: 'Unavailable', message: failure.message, until: nextLookAt } }
    : followed;
}

function readSpec(subscription: SubscriptionObjectWire): SubscriptionSpec | { readonly message: string } {
  try {
    return decodeSubscriptionSpec(subscription);
  } catch (error) {
    if (isOperationError(error) && error.retry === 'never') {
      return { message: error.message };
    }
    throw error;
  }
}

function stopped({ status }: SubscriptionObjectWire, state: FollowState): Followed {
  const nothing = { known: undefined, release: undefined, position: undefined, available: undefined };
  return { state, apps: [], ...nothing, nextLookAt: undefined, reported: status?.reported };
}

/** Clusters that were started together do not look together for long. */
const jitter = 0.1;

async function lookWhenDue(context: FollowContext, subject: Subject, signal: AbortSignal): Promise<SubscriptionMemory> {
  const { metadata } = subject.subscription;
  const key = `${metadata.namespace}/${metadata.name}`;
  const before = context.channels.get(key);
  const now = context.clock.now();
  if (before !== undefined && before.generation === metadata.generation && now < before.nextLookAt) {
    return before;
  }
  const intervalMs = subject.spec.intervalMs * (1 - jitter + 2 * jitter * context.random());
  const next = { nextLookAt: new Date(now.getTime() + intervalMs), generation: metadata.generation };
  const isSame = before?.generation === metadata.generation;
  const memory = await look(
    context,
    subject,
    { known: before?.known, place: isSame ? before?.place : undefined },
    signal,
  ).then(
    (looked): SubscriptionMemory => ({ ...next, ...looked, failure: undefined }),
    (error: unknown): SubscriptionMemory => {
      if (!isOperationError(error) || error.code === 'INVARIANT' || error.code.startsWith('API_')) {
        throw error;
      }
      return { ...next, known: before?.known, failure: error, place: undefined };
    },
  );
  context.channels.set(key, memory);
  return memory;
}

async function look(
  { subscriptions, reader, clock }: FollowContext,
  { subscription }: Subject,
  before: Pick<SubscriptionMemory, 'known' | 'place'>,
  signal: AbortSignal,
): Promise<Pick<SubscriptionMemory, 'known' | 'place'>> {
  const place = before.place ?? (await subscriptions.readPlace(subscription, signal));
  const trusted = reader.trustedAfter(place.owner) ?? (await subscriptions.readTrusted(subscription, signal));
  try {
    const view = await reader.look(place, trusted, signal);
    return { known: await readChannel(view, before.known, clock.now(), signal), place };
  } finally {
    const after = reader.trustedAfter(place.owner);
    if (after !== undefined && after !== trusted) {
      await subscriptions.writeTrusted(subscription, after, signal);
    }
  }
}

/** A file of a Release may be missing for a moment, and the next look may be long hence. */
const readAgainMs = 300_000;

/** What of a Release cannot be read, or not be believed, is said like what of the channel cannot. */
async function followOrSay(
  context: FollowContext,
  work: FollowWork,
  nextLookAt: Date,
  signal: AbortSignal,
): Promise<Followed> {
  try {
    return { ...(await follow(context, work, signal)), nextLookAt };
  } catch (error) {
    if (!isOperationError(error) || !error.code.startsWith('CHANNEL_')) {
      throw error;
    }
    const again = new Date(Math.min(nextLookAt.getTime(), context.clock.now().getTime() + readAgainMs));
    const running = work.known.releases.get(work.subscription.status?.release ?? '');
    return {
      ...stopped(work.subscription, { kind: 'Unavailable', message: error.message, until: again }),
      known: work.known,
      apps: running === undefined ? [] : standingOf(context, work, running),
      position: positionOf(work),
      nextLookAt: again,
    };
  }
}

async function follow(context: FollowContext, work: FollowWork, signal: AbortSignal): Promise<Followed> {
  const { known } = work;
  const target = await chooseTarget(context, work, signal);
  const base = {
    known,
    release: target.release,
    position: positionOf(work),
    available: target.available,
    nextLookAt: undefined,
    reported: work.subscription.status?.reported,
  };
  if (target.release === undefined) {
    return { ...base, apps: [], state: target.state };
  }
  const given = await giveRelease(context, work, target.release, signal);
  const standing = { release: target.release, apps: given.apps };
  return {
    ...base,
    reported: given.problem ? base.reported : await reportOutcome(context, work, standing, signal),
    apps: given.apps,
    state: given.problem ?? (target.state.kind === 'UpToDate' ? given.state : target.state),
  };
}

/** In the rollout of the newest Release. */
function positionOf({ subscription, spec, known }: FollowWork): number | undefined {
  const newest = known.index.releases.findLast(({ withdrawn }) => withdrawn === undefined);
  const cluster = { id: subscription.metadata.uid, wariness: spec.wariness };
  return newest && wavePosition(cluster, known.index.channel, newest.name);
}
