/** Reading fields of an object of any kind. A field that is null counts as absent, as the API server has it. */

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path like `spec.replicas`; undefined when it, or anything on the way, is absent, null or no map. */
export function fieldAt(object: Fields, path: string): unknown {
  let at: unknown = object;
  for (const name of path.split('.')) {
    if (!isFields(at) || !Object.hasOwn(at, name)) {
      return undefined;
    }
    at = at[name];
  }
  return at ?? undefined;
}

/** The text at a path; the fallback also for a value of another type (GetStringField of kstatus). */
export function textAt(object: Fields, path: string, fallback: string): string {
  const value = fieldAt(object, path);
  return typeof value === 'string' ? value : fallback;
}

/** The whole number at a path; the fallback also for a value of another type (GetIntField of kstatus). */
export function countAt(object: Fields, path: string, fallback: number): number {
  const value = fieldAt(object, path);
  return typeof value === 'number' && Number.isInteger(value) ? value : fallback;
}

/** Longer values are cut in messages. */
const longestValue = 64;

/** A value as a message shows it. */
export function showValue(value: unknown): string {
  if (Array.isArray(value)) {
    return 'a list';
  }
  return isFields(value) ? 'a map' : String(JSON.stringify(value)).slice(0, longestValue);
}
