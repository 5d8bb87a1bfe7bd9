/** A person's yes to the candidate of a Channel. */
import { OperationError } from '../../core/errors.ts';
import type { AccessReviews } from '../ports/access-reviews.ts';
import type { DirectChannels } from '../ports/channels.ts';
import type { Clock } from '../ports/clock.ts';

export interface ApprovedCandidate {
  readonly candidate: number;
  /** Everybody who approved it, in the order in which they did. */
  readonly approvals: readonly string[];
}

/**
 * Approves it in the name of whoever calls; before it has passed its tests too. Doing it twice counts once.
 *
 * @throws USAGE when there is none, API_FORBIDDEN without the right `approve` on the Channel, API_CONFLICT when somebody else wrote it
 *   meanwhile
 */
export async function approveCandidate(
  {
    channels,
    reviews,
    clock,
  }: { readonly channels: DirectChannels; readonly reviews: AccessReviews; readonly clock: Clock },
  { namespace, name }: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<ApprovedCandidate> {
  const channel = await channels.readChannel(namespace, name, signal);
  const candidate = channel?.status?.candidate;
  if (channel === undefined || candidate === undefined) {
    const why = channel === undefined ? 'there is no such Channel' : 'it has no candidate at the moment';
    throw new OperationError(`approve Channel ${namespace}/${name}: ${why}`, { code: 'USAGE', retry: 'never' });
  }
  const by = await reviews.whoAmI(signal);
  if (!(await reviews.may('approve', { resource: 'channels', namespace, name }, signal))) {
    throw new OperationError(
      `approve Channel ${namespace}/${name}: "${by}" has no right to it; it is the verb approve on channels of headgate.dev`,
      { code: 'API_FORBIDDEN', retry: 'never', context: { channel: `${namespace}/${name}` } },
    );
  }
  const before = candidate.approvals ?? [];
  const isKnown = before.some((one) => one.by === by);
  const approvals = isKnown ? before : [...before, { by, at: clock.now().toISOString() }];
  if (!isKnown) {
    await channels.writeStatus(channel, { ...channel.status, candidate: { ...candidate, approvals } }, signal);
  }
  return { candidate: candidate.number, approvals: approvals.map((one) => one.by) };
}
