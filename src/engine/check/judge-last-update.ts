import type { AppState } from '../../core/app/app-state.ts';
import { assessWorkload } from '../../core/health/assess.ts';
import type { Workload } from '../../core/workload/workload.ts';
import { journalOf, type UpdateObjectWire } from '../../resources/decode-update.ts';
import type { Clock } from '../ports/clock.ts';

/**
 * Whether the last Update left something that only a person can mend: it could neither go on nor go back, and the
 * workloads have not recovered since.
 */
export function judgeLastUpdate(
  context: { readonly clock: Clock },
  last: UpdateObjectWire | undefined,
  workloads: readonly Workload[],
): AppState | undefined {
  if (!last) {
    return undefined;
  }
  const journal = journalOf(last, context.clock.now());
  if (journal.phase !== 'Failed' || journal.failure?.blamesVersion !== true) {
    return undefined;
  }
  const recovered = workloads.every((workload) => assessWorkload(workload, [], new Map()).kind === 'Current');
  const message = journal.steps.at(-1)?.message ?? journal.failure.message;
  return recovered ? undefined : { kind: 'NeedsPerson', message: `Update ${last.metadata.name}: ${message}` };
}
