/** Where it is kept which nodes may reboot; outlives the process. */
import type { SlotHolder } from '../../core/fleet-lock/slots.ts';

export interface RebootSlots {
  read(group: string, signal: AbortSignal): Promise<readonly SlotHolder[]>;
  /**
   * Changes the holders of a group. The change is decided again when somebody else was faster.
   *
   * @param decide answers the very list it was given when nothing is to be written
   * @throws API_CONFLICT when somebody else is faster again and again
   */
  change(
    group: string,
    decide: (holders: readonly SlotHolder[]) => readonly SlotHolder[],
    signal: AbortSignal,
  ): Promise<readonly SlotHolder[]>;
}
