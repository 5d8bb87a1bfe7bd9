import type { AppState } from '../../core/app/app-state.ts';
import { journalOf, type UpdateObjectWire } from '../../resources/decode-update.ts';
import type { Survey } from '../deploy/deployer.ts';
import type { Clock } from '../ports/clock.ts';

/**
 * Whether the last Update left something that only a person can mend: it could neither go on nor go back, and the
 * App has not recovered since.
 */
export function judgeLastUpdate(
  context: { readonly clock: Clock },
  last: UpdateObjectWire | undefined,
  survey: Pick<Survey, 'isHealthy'>,
): AppState | undefined {
  if (!last) {
    return undefined;
  }
  const journal = journalOf(last, context.clock.now());
  if (journal.phase !== 'Failed' || journal.failure?.blamesVersion !== true) {
    return undefined;
  }
  const message = journal.steps.at(-1)?.message ?? journal.failure.message;
  return survey.isHealthy() ? undefined : { kind: 'NeedsPerson', message: `Update ${last.metadata.name}: ${message}` };
}
