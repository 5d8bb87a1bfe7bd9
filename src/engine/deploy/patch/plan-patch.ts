/** The plan of an Update that sets fields of objects. */
import { locationOf, type PatchDeploy, type Source } from '../../../core/app/app.ts';
import { completeVersion, describeField, type ObjectField, writeValue } from '../../../core/app/object-field.ts';
import type { FieldChange, PatchPlan } from '../../../core/deploy/patch-plan.ts';
import { OperationError } from '../../../core/errors.ts';
import { formatFieldPath } from '../../../core/field-path.ts';
import type { Version, VersionChange } from '../../../core/update/version-change.ts';
import type { LiveObjects } from '../../ports/live-objects.ts';
import { type FieldScope, type HeldField, holdField, referenceOf, textAt } from './held-fields.ts';

export interface PatchPlanRequest {
  readonly namespace: string;
  readonly deploy: PatchDeploy;
  readonly sources: readonly Source[];
  readonly changes: readonly VersionChange[];
  /** The plan of the Update that this one supersedes, because its versions never proved themselves. */
  readonly superseded: PatchPlan | undefined;
  readonly known: (source: string) => readonly Version[];
}

/**
 * Plans the change from versions: each field of a changed source gets the new one.
 *
 * @returns undefined when no field would change
 * @throws TARGET_NOT_FOUND when an object or field is gone, or the version lacks what the field wants
 */
export async function planFields(
  objects: LiveObjects,
  request: PatchPlanRequest,
  signal: AbortSignal,
): Promise<PatchPlan | undefined> {
  const { serviceAccount } = request.deploy;
  const scope = { namespace: request.namespace, serviceAccount };
  const fields: FieldChange[] = [];
  for (const [index, field] of request.deploy.targets.entries()) {
    const change = request.changes.find((one) => one.source === field.source);
    if (change) {
      const object = await objects.read(referenceOf(scope, field), signal);
      const held = holdField(field, object, `spec.deploy.patch.targets[${index}]`);
      if ('problem' in held) {
        throw notFound(held.problem);
      }
      fields.push(planField(request, held, change));
    }
  }
  return fields.every((field) => field.after === field.before) ? undefined : toPlan(fields, serviceAccount);
}

function planField(request: PatchPlanRequest, held: HeldField, change: VersionChange): FieldChange {
  const { field, object, value } = held;
  const repository = repositoryOf(request.sources, field, change);
  const after = writeValue(field.form, { repository, version: change.to, current: value });
  const path = formatFieldPath(field.path);
  if (after === undefined) {
    throw notFound(`set ${path} of ${describeField(field)}: version ${change.to.tag} of ${repository} has no digest`);
  }
  const { apiVersion, kind, name } = field;
  const base = { apiVersion, kind, name, uid: object.uid, path, source: field.source, after };
  const before = value === undefined ? {} : { before: value };
  const earlier = request.superseded?.fields.find(
    (one) => one.uid === object.uid && one.path === path && one.after === value,
  );
  if (earlier) {
    const { restore, restoreDigest } = earlier;
    return {
      ...base,
      ...before,
      ...(restore !== undefined && { restore }),
      ...(restoreDigest !== undefined && { restoreDigest }),
    };
  }
  const { digest } = completeVersion({ form: field.form, text: value, repository }, request.known(field.source));
  const restore = value === undefined ? {} : { restore: value };
  return { ...base, ...before, ...restore, ...(digest !== undefined && { restoreDigest: digest }) };
}

function repositoryOf(sources: readonly Source[], field: ObjectField, change: VersionChange): string {
  const source = sources.find((one) => one.name === field.source);
  return source ? locationOf(source) : change.repository;
}

/**
 * Plans the change from what another Update recorded: its fields before, or its fields after.
 *
 * @throws TARGET_NOT_FOUND when an object of the record is not there any more
 */
export async function planRecordedFields(
  objects: LiveObjects,
  {
    namespace,
    plan,
    state,
  }: { readonly namespace: string; readonly plan: PatchPlan; readonly state: 'Before' | 'After' },
  signal: AbortSignal,
): Promise<PatchPlan> {
  const fields: FieldChange[] = [];
  for (const recorded of plan.fields) {
    const scope = { namespace, serviceAccount: plan.serviceAccount };
    fields.push(await planRecorded(objects, { scope, recorded, state }, signal));
  }
  return toPlan(fields, plan.serviceAccount);
}

function toPlan(fields: readonly FieldChange[], serviceAccount: string | undefined): PatchPlan {
  return { kind: 'Patch', fields, ...(serviceAccount !== undefined && { serviceAccount }) };
}

async function planRecorded(
  objects: LiveObjects,
  { scope, recorded, state }: { scope: FieldScope; recorded: FieldChange; state: 'Before' | 'After' },
  signal: AbortSignal,
): Promise<FieldChange> {
  const object = await objects.read(referenceOf(scope, recorded), signal);
  const after = state === 'Before' ? recorded.restore : recorded.after;
  if (!object || after === undefined) {
    const what = object ? `there was no ${recorded.path} before` : 'it is not there any more';
    throw notFound(`go back with ${describeField(recorded)}: ${what}`);
  }
  const value = textAt(object, recorded);
  const { before: _, restore: __, restoreDigest: ___, ...base } = recorded;
  return { ...base, uid: object.uid, after, ...(value !== undefined && { before: value, restore: value }) };
}

function notFound(message: string): OperationError {
  return new OperationError(message, { code: 'TARGET_NOT_FOUND', retry: 'never' });
}
