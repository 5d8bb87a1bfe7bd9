/** Tells the hub what became of a Release here, where the Subscription wishes it: once, and without holding anything up. */
import { type Outcome, outcomeOf } from '../../core/channel/outcome-report.ts';
import type { Release } from '../../core/channel/release.ts';
import { isOperationError } from '../../core/errors.ts';
import type { AppStanding, FollowContext, FollowWork } from './subscription-pass.ts';

export interface Reported {
  readonly release: string;
  readonly outcome: Outcome;
}

/**
 * @returns what was told last, now or before
 * @throws errors of the API server; a hub that does not answer is asked again at the next look
 */
export async function reportOutcome(
  { reports, clock, channels }: FollowContext,
  { subscription, known }: FollowWork,
  { release, apps }: { readonly release: Release; readonly apps: readonly AppStanding[] },
  signal: AbortSignal,
): Promise<Reported | undefined> {
  const { spec, status, metadata } = subscription;
  const before = status?.reported;
  const outcome = outcomeOf(apps);
  const isTold = before?.release === release.name && before.outcome === outcome;
  const key = `${metadata.namespace}/${metadata.name}`;
  const memory = channels.get(key);
  const isTooSoon = memory?.reportAgainAt !== undefined && clock.now() < memory.reportAgainAt;
  if (spec.report === undefined || outcome === undefined || isTold || isTooSoon) {
    return before;
  }
  const reported = { release: release.name, outcome };
  try {
    await reports.send(subscription, { channel: known.index.channel, ...reported }, signal);
    return reported;
  } catch (error) {
    if (!isOperationError(error) || error.code === 'INVARIANT' || error.code.startsWith('API_')) {
      throw error;
    }
    if (memory !== undefined) {
      channels.set(key, { ...memory, reportAgainAt: memory.nextLookAt });
    }
    return before;
  }
}
