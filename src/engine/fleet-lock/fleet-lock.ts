/**
 * When a node may reboot: FleetLock v1, behind the same gates as Updates. State is in the cluster alone, so that every replica may answer and
 * none has to remember.
 */

import { leaveSlot, type SlotHolder, takeSlot } from '../../core/fleet-lock/slots.ts';
import { type AskedVeto, judgeVerdicts } from '../../core/gates/asked-veto.ts';
import { judgeWindows, type Window } from '../../core/gates/window.ts';
import { joinSome } from '../../core/text.ts';
import { hasEnded } from '../../resources/update/decode-update.ts';
import { askVeto, type VetoContext } from '../gates/vetoes/ask-veto.ts';
import type { RebootSlots } from '../ports/reboot-slots.ts';
import type { DirectRecords } from '../ports/records.ts';

export interface FleetLockContext extends VetoContext {
  readonly slots: RebootSlots;
  readonly records: Pick<DirectRecords, 'readUpdates'>;
  /** Empty: all. Updates under way in them hold reboots back. */
  readonly namespaces: readonly string[];
  /** Of all Apps. */
  readonly windows: readonly Window[];
  readonly vetoes: readonly AskedVeto[];
  /** How many of a group may reboot at the same time. */
  readonly slotsOf: (group: string) => number;
}

export interface FleetClient {
  readonly id: string;
  readonly group: string;
}

export type LockAnswer =
  | { readonly kind: 'Locked' }
  | { readonly kind: 'SlotsFull'; readonly because: string }
  | { readonly kind: 'GateShut'; readonly because: string };

/**
 * Reserves a slot for a node that wants to reboot. One that holds a slot may go on whatever the gates say by now: it may be halfway down.
 *
 * @throws errors of the API server; nothing is locked then
 */
export async function lockForReboot(
  context: FleetLockContext,
  { id, group }: FleetClient,
  signal: AbortSignal,
): Promise<LockAnswer> {
  const before = await context.slots.read(group, signal);
  if (before.some((holder) => holder.id === id)) {
    return { kind: 'Locked' };
  }
  const shut = await findShutGate(context, id, signal);
  if (shut !== undefined) {
    return { kind: 'GateShut', because: shut };
  }
  const slots = context.slotsOf(group);
  let full: readonly SlotHolder[] | undefined;
  await context.slots.change(
    group,
    (holders) => {
      const answer = takeSlot(holders, { id, slots, now: context.clock.now() });
      full = answer.kind === 'Full' ? holders : undefined;
      return answer.holders;
    },
    signal,
  );
  return full === undefined ? { kind: 'Locked' } : { kind: 'SlotsFull', because: sayFull(full, { group, slots }) };
}

/** The node is up again. Harmless to repeat, and never refused. */
export async function unlockAfterReboot(
  { slots }: Pick<FleetLockContext, 'slots'>,
  { id, group }: FleetClient,
  signal: AbortSignal,
): Promise<void> {
  await slots.change(group, (holders) => leaveSlot(holders, id), signal);
}

async function findShutGate(context: FleetLockContext, id: string, signal: AbortSignal): Promise<string | undefined> {
  const now = context.clock.now();
  const window = judgeWindows(context.windows, now);
  if (window.kind === 'Closed') {
    const opens = window.opensAt === undefined ? 'it never opens' : `it opens at ${window.opensAt.toISOString()}`;
    return `${window.because}; ${opens}`;
  }
  const underWay = await findUpdatesUnderWay(context, signal);
  if (underWay.length > 0) {
    return `Updates are under way: ${joinSome(underWay, ', ')}`;
  }
  const asker = { namespace: '', app: '', update: `reboot of ${id}`, readObjects: () => Promise.resolve([]) };
  const verdicts = await Promise.all(
    context.vetoes.map(async (veto) => ({ veto, verdict: await askVeto(context, asker, veto, signal) })),
  );
  const answer = judgeVerdicts(verdicts, now);
  return answer.kind === 'Shut' ? answer.waiting.message : undefined;
}

/** What has begun and not ended; one that waits for its gates moves nothing. */
async function findUpdatesUnderWay(
  { records, namespaces }: FleetLockContext,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const scopes = namespaces.length === 0 ? [undefined] : namespaces;
  const lists = await Promise.all(scopes.map(async (namespace) => await records.readUpdates({ namespace }, signal)));
  return lists
    .flat()
    .filter((update) => !hasEnded(update) && (update.status?.phase ?? 'Pending') !== 'Pending')
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
}

function sayFull(
  holders: readonly SlotHolder[],
  { group, slots }: { readonly group: string; readonly slots: number },
): string {
  const held = joinSome(
    holders.map(({ id, since }) => `${id} since ${since.toISOString()}`),
    ', ',
  );
  return `${slots === 1 ? 'the slot' : `all ${slots} slots`} of group ${group} held: ${held}`;
}
