/** Values of objects as expressions see them. */

export type CelValue =
  | string
  | boolean
  | number
  | bigint
  | null
  | readonly CelValue[]
  | { readonly [name: string]: CelValue };

/** Whole numbers become int, as they are in Go where the API server's JSON is read; all others are double. */
export function toCelValue(value: unknown): CelValue {
  switch (typeof value) {
    case 'number':
      return Number.isSafeInteger(value) ? BigInt(value) : value;
    case 'string':
    case 'boolean':
    case 'bigint':
      return value;
    case 'object':
      return value === null ? null : toCollection(value);
    default:
      return null;
  }
}

function toCollection(value: object): CelValue {
  return Array.isArray(value)
    ? value.map(toCelValue)
    : Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, toCelValue(inner)]));
}
