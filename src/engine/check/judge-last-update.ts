import type { AppState } from '../../core/app/app-state.ts';
import { journalOf, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { Survey } from '../deploy/deployer.ts';
import type { Clock } from '../ports/clock.ts';

/**
 * Whether the last Update left the App scaled to zero because its data could not be brought back. No newer version must be started on
 * data of which perhaps only a part is there; a person goes on with `headgate restore` or `headgate rollback`, or deletes that Update.
 */
export function judgeData(last: UpdateObjectWire | undefined): AppState | undefined {
  const { status, metadata } = last ?? {};
  if (status?.phase !== 'Failed' || status.stopped === undefined) {
    return undefined;
  }
  return { kind: 'NeedsPerson', message: `Update ${metadata?.name}: ${status.steps?.at(-1)?.message ?? ''}` };
}

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
