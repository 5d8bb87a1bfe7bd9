/** Reading the fields of an AnalysisTemplate. */
import { parseDuration } from '../duration.ts';
import { OperationError } from '../errors.ts';
import { type Fields, fieldAt, isFields, textAt } from '../health/objects/fields.ts';

export function refusal(message: string): OperationError {
  return new OperationError(message, { code: 'OBJECT_INVALID', retry: 'never' });
}

/** The maps of a list. */
export function fieldsIn(fields: Fields, path: string): readonly Fields[] {
  const value = fieldAt(fields, path);
  return Array.isArray(value) ? value.filter(isFields) : [];
}

/** A whole number, or the text of one, as the CRD has both. */
export function limitAt(metric: Fields, name: string): number | undefined {
  const value = fieldAt(metric, name);
  const number = Number(value);
  if (value !== undefined && (!Number.isInteger(number) || number < 0 || number > 1_000)) {
    throw refusal(`${name} is ${JSON.stringify(value)}; a whole number up to 1000 is understood`);
  }
  return value === undefined ? undefined : number;
}

export function millisecondsAt(metric: Fields, name: string): number | undefined {
  return fieldAt(metric, name) === undefined ? undefined : parseDuration(textAt(metric, name, ''), name);
}

/** Fields that would change what is measured must not be passed over in silence. Empty ones say nothing. */
export function refuseFields(fields: Fields, names: readonly string[], where: string): void {
  const isSaid = (value: unknown) => value !== undefined && value !== false && JSON.stringify(value) !== '{}';
  const found = names.find((name) => isSaid(fieldAt(fields, name)));
  if (found !== undefined) {
    throw refusal(`${where}.${found} is not understood`);
  }
}
