/** The slots of one group of nodes that may reboot at the same time: a counting semaphore whose locks have owners. Pure. */

export interface SlotHolder {
  /** The node, as it names itself. */
  readonly id: string;
  readonly since: Date;
}

export type SlotAnswer =
  /** @property holders as they are now; the same list when nothing changed */
  | { readonly kind: 'Held'; readonly holders: readonly SlotHolder[] }
  | { readonly kind: 'Full'; readonly holders: readonly SlotHolder[] };

/** Locks a slot; a node that holds one already holds it still (RecursiveLock of the protocol). */
export function takeSlot(
  holders: readonly SlotHolder[],
  { id, slots, now }: { readonly id: string; readonly slots: number; readonly now: Date },
): SlotAnswer {
  if (holders.some((holder) => holder.id === id)) {
    return { kind: 'Held', holders };
  }
  return holders.length < slots
    ? { kind: 'Held', holders: [...holders, { id, since: now }] }
    : { kind: 'Full', holders };
}

/** Lets a slot go, if the node holds one (UnlockIfHeld); the same list when it does not. */
export function leaveSlot(holders: readonly SlotHolder[], id: string): readonly SlotHolder[] {
  const others = holders.filter((holder) => holder.id !== id);
  return others.length === holders.length ? holders : others;
}
