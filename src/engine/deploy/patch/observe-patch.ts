/** What the cluster shows of an Update that sets fields. */
import { describeField } from '../../../core/app/object-field.ts';
import type { FieldChange, PatchPlan } from '../../../core/deploy/patch-plan.ts';
import { joinHealth } from '../../../core/health/assess.ts';
import { assessDeployedObject, type DeployedOptions } from '../../../core/health/deployed-object.ts';
import type { Health } from '../../../core/health/health.ts';
import { isOnTrial, type UpdatePhase } from '../../../core/update/journal.ts';
import type { LiveObject } from '../../ports/live-objects.ts';
import type { DeploySight, Work } from '../deployer.ts';
import { referenceOf, textAt } from './held-fields.ts';
import type { PatchContext } from './survey-patch.ts';

/** Whatever would condemn or end the Update is read again from the API server before it is believed. */
export async function observePatch(
  context: PatchContext,
  { update, journal, spec }: Work,
  plan: PatchPlan,
  signal: AbortSignal,
): Promise<DeploySight> {
  const { namespace, name } = update.metadata;
  const scope = { namespace, serviceAccount: plan.serviceAccount };
  const references = plan.fields.map((field) => referenceOf(scope, field));
  const watched = await context.objects.watch({ of: 'Update', key: `${namespace}/${name}` }, references, signal);
  const looks: Look[] = [];
  for (const [index, field] of plan.fields.entries()) {
    const known = watched[index];
    const fits = known?.uid === field.uid && isExpected(journal.phase, field, textAt(known, field));
    looks.push({ field, object: fits ? known : await context.objects.read(referenceOf(scope, field), signal) });
  }
  const checks = { checks: spec?.healthChecks ?? [], limit: context.limit };
  return describeSight(looks, journal.phase, { now: context.clock.now(), checks });
}

interface Look {
  readonly field: FieldChange;
  readonly object: LiveObject | undefined;
}

function describeSight(looks: readonly Look[], phase: UpdatePhase, options: DeployedOptions): DeploySight {
  const parts = new Map<string, Health>();
  const contested: string[] = [];
  const gone: string[] = [];
  const reapplied: string[] = [];
  for (const { field, object } of looks) {
    const name = describeField(field);
    if (object?.uid !== field.uid) {
      gone.push(name);
      continue;
    }
    const value = textAt(object, field);
    if (!isExpected(phase, field, value)) {
      contested.push(`${field.path} of ${name}`);
      reapplied.push(...(phase === 'VerifyingRollback' && value === field.after ? [`${field.path} of ${name}`] : []));
    }
    if (isOnTrial(phase) || phase === 'VerifyingRollback') {
      parts.set(name, assessDeployedObject(object.fields, options));
    }
  }
  const health = joinHealth([...parts].map(([name, one]) => ({ name, health: one })));
  return { health, contested, gone, reapplied };
}

function isExpected(phase: UpdatePhase, field: FieldChange, value: string | undefined): boolean {
  switch (phase) {
    case 'Applying':
      return value === field.before || value === field.after;
    case 'Watching':
    case 'Testing':
      return value === field.after;
    case 'VerifyingRollback':
      return value === field.restore;
    default:
      return true;
  }
}
