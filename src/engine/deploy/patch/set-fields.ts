/** Setting the fields of a plan, and setting them back. Both are harmless to repeat at any point. */
import { describeField } from '../../../core/app/object-field.ts';
import type { FieldChange, PatchPlan } from '../../../core/deploy/patch-plan.ts';
import { isOperationError, OperationError } from '../../../core/errors.ts';
import type { LiveObject, LiveObjects } from '../../ports/live-objects.ts';
import { refusalsIn } from '../refusals-in.ts';
import { pathOf, referenceOf, textAt } from './held-fields.ts';

/**
 * Sets each field of the plan that still holds what was there before.
 *
 * @throws UPDATE_CONFLICT when somebody else was faster: look again and decide anew
 */
export async function applyFields(
  objects: LiveObjects,
  namespace: string,
  plan: PatchPlan,
  signal: AbortSignal,
): Promise<void> {
  for (const [object, fields] of await objectsOf(objects, namespace, plan, signal)) {
    if (!object) {
      const [first] = fields;
      throw new OperationError(`set fields of ${first ? describeField(first) : '?'}: it is gone or was made anew`, {
        code: 'UPDATE_CONFLICT',
        retry: 'backoff',
      });
    }
    await setWhere(objects, object, { fields, from: (one) => [one.before], to: (one) => one.after }, signal);
  }
}

/** Asks what the API server would say to the plan; what is gone or was changed is found out when it is set. */
export async function rehearseFields(
  objects: LiveObjects,
  namespace: string,
  plan: PatchPlan,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const refusals: string[] = [];
  for (const [object, fields] of await objectsOf(objects, namespace, plan, signal)) {
    const way: Way = { fields, from: (one) => [one.before], to: (one) => one.after, dryRun: true };
    try {
      await (object && setWhere(objects, object, way, signal));
    } catch (error) {
      if (!isOperationError(error, 'UPDATE_CONFLICT')) {
        refusals.push(...refusalsIn(error));
      }
    }
  }
  return refusals;
}

/** Sets back each field that holds what this Update set; what somebody else set meanwhile is left alone. */
export async function restoreFields(
  objects: LiveObjects,
  namespace: string,
  plan: PatchPlan,
  signal: AbortSignal,
): Promise<void> {
  for (const [object, fields] of await objectsOf(objects, namespace, plan, signal)) {
    if (object) {
      const way: Way = { fields, from: (one) => [one.after, one.before], to: (one) => one.restore };
      await setWhere(objects, object, way, signal);
    }
  }
}

/** The fields of one object are set in one request, so that its controller sees them together. */
async function objectsOf(
  objects: LiveObjects,
  namespace: string,
  plan: PatchPlan,
  signal: AbortSignal,
): Promise<readonly (readonly [LiveObject | undefined, readonly FieldChange[]])[]> {
  const groups = Map.groupBy(plan.fields, ({ apiVersion, kind, name }) => JSON.stringify([apiVersion, kind, name]));
  const found: (readonly [LiveObject | undefined, readonly FieldChange[]])[] = [];
  for (const fields of groups.values()) {
    const [first] = fields;
    const object =
      first && (await objects.read(referenceOf({ namespace, serviceAccount: plan.serviceAccount }, first), signal));
    found.push([object?.uid === first?.uid ? object : undefined, fields]);
  }
  return found;
}

interface Way {
  readonly fields: readonly FieldChange[];
  /** Values that may be replaced. */
  readonly from: (change: FieldChange) => readonly (string | undefined)[];
  readonly to: (change: FieldChange) => string | undefined;
  readonly dryRun?: boolean;
}

async function setWhere(objects: LiveObjects, object: LiveObject, way: Way, signal: AbortSignal): Promise<void> {
  const settings = way.fields.flatMap((field) => {
    const expected = textAt(object, field);
    const value = way.to(field);
    return expected !== value && way.from(field).includes(expected) ? [{ path: pathOf(field), expected, value }] : [];
  });
  if (settings.length > 0) {
    await objects.setFields(object, settings, signal, { dryRun: way.dryRun ?? false });
  }
}
