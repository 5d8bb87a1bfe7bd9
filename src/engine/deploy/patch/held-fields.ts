/** What the fields that an App names hold. */
import { describeField, type ObjectField } from '../../../core/app/object-field.ts';
import { invariant, isOperationError } from '../../../core/errors.ts';
import { type FieldPath, formatFieldPath, parseFieldPath } from '../../../core/field-path.ts';
import { findField } from '../../../core/object-path.ts';
import type { LiveObject, ObjectReference } from '../../ports/live-objects.ts';

export interface HeldField<F extends ObjectField = ObjectField> {
  readonly field: F;
  readonly object: LiveObject;
  /** Undefined where it is not there, and can be added. */
  readonly value: string | undefined;
}

/** Where fields are: the namespace of their App, and who acts there. */
export interface FieldScope {
  readonly namespace: string;
  readonly serviceAccount: string | undefined;
}

export function referenceOf(
  scope: FieldScope,
  { apiVersion, kind, name }: Pick<ObjectField, 'apiVersion' | 'kind' | 'name'>,
): ObjectReference {
  return { apiVersion, kind, name, ...scope };
}

/** @param where the field of the App that names it, for the problem */
export function holdField<F extends ObjectField>(
  field: F,
  object: LiveObject | undefined,
  where: string,
): HeldField<F> | { readonly problem: string } {
  if (!object || object.deleting) {
    return { problem: `${where}: there is no ${describeField(field)}; create it or correct the name` };
  }
  const found = findField(object.fields, field.path);
  if (found.kind === 'Missing') {
    return { problem: `${where}.path: ${describeField(field)}: ${found.reason}; correct the path` };
  }
  const value = found.kind === 'Found' && found.value !== null ? found.value : undefined;
  if (value !== undefined && typeof value !== 'string') {
    const path = formatFieldPath(field.path);
    return { problem: `${where}.path: ${path} of ${describeField(field)} holds no text; name a field that does` };
  }
  return { field, object, value };
}

/** What a recorded field holds; undefined where there is none. */
export function textAt(object: LiveObject, recorded: { readonly path: string }): string | undefined {
  return textIn(object, pathOf(recorded));
}

/** The path of a record, which was formatted by us. */
export function pathOf({ path }: { readonly path: string }): FieldPath {
  const parsed = parseFieldPath(path);
  invariant(parsed.kind === 'Path', `"${path}" was recorded as a path`);
  return parsed.path;
}

/** The text at the path; undefined where there is none. */
export function textIn(object: LiveObject, path: ObjectField['path']): string | undefined {
  const found = findField(object.fields, path);
  return found.kind === 'Found' && typeof found.value === 'string' ? found.value : undefined;
}

/** A kind or an object that may not be read, told as a problem of the App; other errors go on. */
export function problemOf(error: unknown, where: string): string {
  if (isOperationError(error) && ['API_FORBIDDEN', 'API_NOT_FOUND'].includes(error.code)) {
    return `${where}: ${error.message}; check apiVersion and kind, and the rights that the guide on patch lists`;
  }
  throw error;
}
