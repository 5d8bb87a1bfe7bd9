/** The work of one of several replicas: its share of the Updates as long as it lives, and all else while it leads. */
import { describeError } from '../core/errors.ts';
import type { KubeClient } from '../kube/client.ts';
import { sleep, systemClock } from '../kube/clock.ts';
import { runWithLease } from '../kube/lease.ts';
import type { LeaseHold } from '../kube/lease-term.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Runtime } from './runtime.ts';
import { untilAborted } from './until-aborted.ts';
import { type SharedWork, shareWork, type WorkShare } from './work-share.ts';

export interface Work {
  readonly runtime: Runtime;
  /** Writes the last Events and closes what the work had opened. */
  readonly end: () => Promise<void>;
}

export interface SharedParts {
  readonly client: KubeClient;
  readonly lease: { readonly namespace: string; readonly name: string };
  readonly identity: string;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Starts the work, which ends with the signal. */
  readonly start: (
    share: { readonly share: WorkShare; readonly assertLeading: () => void },
    signal: AbortSignal,
  ) => Work;
  /** This replica leads from now on, until the work has ended. */
  readonly onLead: (runtime: Runtime) => Promise<void>;
}

/** Of both Leases: others go on within 15 s after this process was killed, by the duration and one look or renewal of theirs. */
const terms = { durationMs: 10_000, renewDeadlineMs: 7_000, retryMs: 2_000 };

/** How long a replica that lost its share may take to stop. */
const graceMs = 5_000;

/**
 * Runs until the signal is aborted.
 *
 * @throws LEASE_LOST when another replica took over: end the process, a new one starts clean
 */
export async function runShared(parts: SharedParts, signal: AbortSignal): Promise<void> {
  const { log } = parts;
  const stopping = new AbortController();
  const working = AbortSignal.any([signal, stopping.signal]);
  const over = new AbortController();
  let work: Work | undefined;
  let hold: LeaseHold | undefined;
  const onTake = (isTaken: (app: string) => boolean) => work?.runtime.takeUp(isTaken);
  const onError = (error: unknown) =>
    log.warn('share of the work could not be written', { error: describeError(error) });
  const share = shareWork({ ...parts, onTake, onError, signal: working });
  const follow = () => stopping.abort(share.signal.reason);
  share.signal.addEventListener('abort', follow, { once: true });
  const assertLeading = () => {
    share.assertHeld();
    hold?.assertHeld();
  };
  parts.metrics.observeShards(() => share.countShards());
  const started = parts.start({ share, assertLeading }, working);
  work = started;
  const lead = async (leading: AbortSignal, held: LeaseHold) => {
    hold = held;
    leading.addEventListener('abort', () => stopping.abort(leading.reason), { once: true });
    await Promise.race([share.joined, untilAborted(leading)]);
    share.lead();
    await parts.onLead(started.runtime);
  };
  try {
    const { client, lease, identity } = parts;
    const elected = runWithLease({ client, ...lease, ...terms, identity, signal: working, lead });
    const ended = elected.then(() => started.runtime.stopped).then(started.end);
    await Promise.race([ended, endOfGrace(share, over.signal)]);
    share.signal.throwIfAborted();
  } finally {
    stopping.abort();
    over.abort();
    await share.leave();
  }
}

/** Resolves a while after the share was lost. */
async function endOfGrace({ signal }: SharedWork, over: AbortSignal): Promise<void> {
  await untilAborted(AbortSignal.any([signal, over]));
  await sleep(systemClock, graceMs, over);
}
