/** What a pass over a Subscription found, as its status says it. */
import type { Static } from 'typebox';
import type { Waiting, WaitingReason } from '../../core/waiting.ts';
import { setConditions } from '../conditions.ts';
import type { SubscriptionObjectWire } from './decode-subscription.ts';
import type { SubscriptionStatusSchema } from './subscription.ts';

type Status = Static<typeof SubscriptionStatusSchema>;

export interface SubscriptionFinding {
  readonly waiting: Waiting;
  /** True: it does what it is for. False: somebody has to do something. */
  readonly ready: 'True' | 'False' | 'Unknown';
  readonly stalled: boolean;
  readonly release: { readonly name: string; readonly sequence: number } | undefined;
  readonly available: string | undefined;
  readonly position: number | undefined;
  readonly channel: Status['channel'];
  readonly apps: NonNullable<Status['apps']>;
  readonly reported: Status['reported'];
}

/** Unchanged where all is as the status says already. */
export function subscriptionStatusOf(
  { metadata, status }: SubscriptionObjectWire,
  found: SubscriptionFinding,
  now: Date,
): Status {
  const { waiting, ready, stalled } = found;
  const { reason, message, until } = waiting;
  const generation = metadata.generation ?? 0;
  const said = { reason, message };
  return {
    observedGeneration: generation,
    conditions: setConditions(
      status?.conditions,
      {
        Ready: { status: ready, ...said },
        Reconciling: { status: reason === 'ReleaseInProgress' ? 'True' : 'False', ...said },
        Stalled: { status: stalled ? 'True' : 'False', ...said },
      },
      generation,
      now,
    ),
    waiting: { reason, message, ...(until && { until: until.toISOString() }) },
    ...releaseOf(status, found.release, now),
    ...(found.available !== undefined && { available: found.available }),
    ...(found.position !== undefined && { position: found.position }),
    ...(found.channel !== undefined && { channel: found.channel }),
    ...(found.reported !== undefined && { reported: found.reported }),
    ...(found.apps.length > 0 && { apps: found.apps }),
  };
}

/** What the Apps were given stays said, also while the channel cannot be asked. */
function releaseOf(status: Status | undefined, release: SubscriptionFinding['release'], now: Date): Partial<Status> {
  const former = status?.release;
  if (release === undefined || release.name === former) {
    return {
      ...(former !== undefined && { release: former }),
      ...(status?.sequence !== undefined && { sequence: status.sequence }),
      ...(status?.formerRelease !== undefined && { formerRelease: status.formerRelease }),
      ...(status?.since !== undefined && { since: status.since }),
    };
  }
  return {
    release: release.name,
    sequence: release.sequence,
    ...(former !== undefined && { formerRelease: former }),
    since: now.toISOString(),
  };
}

/** For a state that is said in one word. */
export function waitingFor(reason: WaitingReason, message: string, until?: Date): Waiting {
  return { reason, message, ...(until && { until }) };
}
