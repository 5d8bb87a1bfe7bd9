/** The status of an Update, whole, from its journal. */
import { type DeployPlan, doubtOf } from '../../core/deploy/deploy-plan.ts';
import { isFinal, type Journal } from '../../core/update/journal.ts';
import { sayVersion } from '../app/app-status.ts';
import { type Condition, setConditions, type Verdict } from '../conditions.ts';
import { changesOf, encodeJournal, type UpdateObjectWire } from './decode-update.ts';

/** Journal, conditions and the line for tables. */
export function updateStatusOf(
  update: UpdateObjectWire,
  journal: Journal,
  now: Date,
): NonNullable<UpdateObjectWire['status']> {
  const generation = update.metadata.generation ?? 0;
  return {
    ...encodeJournal(journal),
    observedGeneration: generation,
    conditions: conditionsOf(update.status?.conditions, journal, { generation, now }),
    versions: changesOf(update.spec)
      .map((change) => `${change.source} ${sayVersion(change.from)} -> ${sayVersion(change.to)}`)
      .join(', '),
  };
}

function conditionsOf(
  previous: readonly Condition[] | undefined,
  journal: Journal,
  { generation, now }: { readonly generation: number; readonly now: Date },
): Condition[] {
  const reason = journal.phase;
  const message = journal.waiting?.message ?? journal.steps.at(-1)?.message ?? '';
  const open = !isFinal(journal.phase);
  const ready = open ? 'Unknown' : journal.phase === 'Succeeded' ? 'True' : 'False';
  const verdicts: Record<string, Verdict> = { Ready: { status: ready, reason, message } };
  if (open) {
    verdicts['Reconciling'] = { status: 'True', reason, message };
  }
  if (journal.phase === 'Failed') {
    verdicts['Stalled'] = { status: 'True', reason: journal.failure?.reason ?? reason, message };
  }
  if (journal.plan) {
    verdicts['Reversible'] = reversibility(journal.plan);
  }
  return setConditions(previous, verdicts, generation, now);
}

/** An update that cannot be undone says so before it starts (design.md section 6, rule 3). */
function reversibility(plan: DeployPlan): Verdict {
  const doubt = doubtOf(plan);
  return doubt === undefined
    ? { status: 'True', reason: 'DigestsKnown', message: 'going back brings exactly what ran before' }
    : { status: 'False', reason: 'DigestUnknown', message: doubt };
}
