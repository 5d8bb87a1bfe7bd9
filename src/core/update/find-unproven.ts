import type { UpdatePhase } from './journal.ts';

/** What counts of an ended Update. */
export interface EndedUpdate {
  readonly phase: UpdatePhase;
  /** It came as far as changing something. */
  readonly applied: boolean;
}

/**
 * The Update whose versions stand in the cluster although they never proved themselves: it was superseded, and whatever came after it
 * changed nothing (cancelled at a gate, refused before it began). Going back goes to where that one started.
 *
 * @param past of one App, ended, newest first
 */
export function findUnproven<T extends EndedUpdate>(past: readonly T[]): T | undefined {
  const last = past.find(({ applied, phase }) => applied && phase !== 'Cancelled');
  return last?.phase === 'Superseded' ? last : undefined;
}
