/** Ready, Reconciling and Stalled as kstatus and its readers (kubectl wait, Flux, Argo CD) understand them. */
import type { Static } from 'typebox';
import { clipMessage } from '../core/text.ts';
import type { ConditionSchema } from './schema-parts.ts';

export type Condition = Static<typeof ConditionSchema>;

export interface Verdict {
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/**
 * The conditions as they are after a verdict on each type; `lastTransitionTime` moves only when the status does,
 * so that an unchanged verdict gives an equal list and nothing needs to be written.
 */
export function setConditions(
  previous: readonly Condition[] | undefined,
  verdicts: Readonly<Record<string, Verdict>>,
  generation: number,
  now: Date,
): Condition[] {
  return Object.entries(verdicts).map(([type, verdict]) => {
    const before = previous?.find((condition) => condition.type === type);
    return {
      type,
      ...verdict,
      message: clipMessage(verdict.message),
      observedGeneration: generation,
      lastTransitionTime:
        before?.status === verdict.status ? before.lastTransitionTime : now.toISOString().replace(/\.\d+Z$/, 'Z'),
    };
  });
}
