/** Reads single fields out of foreign JSON of which nothing else is known and nothing else matters. */
import { invalidWebhook } from './announcement.ts';

/** More than any sender puts into one delivery. */
const longestList = 1_000;

/** The text at a path of keys. Undefined when it is not there, is empty, or is no text: to Keel that is all one. */
export function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, path);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

/**
 * The elements at a path of keys; none when there is no list.
 *
 * @throws WEBHOOK_INVALID for a list of more than a thousand
 */
export function listAt(value: unknown, ...path: readonly string[]): readonly unknown[] {
  const found = valueAt(value, path);
  if (!Array.isArray(found)) {
    return [];
  }
  if (found.length > longestList) {
    throw invalidWebhook(`${path.join('.')} has ${found.length} elements; ${longestList} are the most`);
  }
  return found;
}

/** The same text, which must be there. @throws WEBHOOK_INVALID with the given message */
export function needText(value: string | undefined, message: string): string {
  if (value === undefined) {
    throw invalidWebhook(message);
  }
  return value;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) {
      return undefined;
    }
    found = Reflect.get(found, key);
  }
  return found;
}
