/** Helm values as data: merged as Helm merges files, set by path as `helm --set` does, and digested. */
import { createHash } from 'node:crypto';

export type Values = { readonly [key: string]: Value };
export type Value = string | number | boolean | null | readonly Value[] | Values;

/** True for what may stand at the top of a values file. */
export function isValues(value: Value | undefined): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Lays `over` over `base`: maps are joined, everything else is replaced. A null stays, because it is how the default of a
 * chart is taken away.
 */
export function mergeValues(base: Values, over: Values): Values {
  const merged = new Map<string, Value>(Object.entries(base));
  for (const [key, value] of Object.entries(over)) {
    const below = merged.get(key);
    merged.set(key, isValues(below) && isValues(value) ? mergeValues(below, value) : value);
  }
  return Object.fromEntries(merged);
}

/** `sha256:` of the values whatever the order of their keys. */
export function digestOf(value: Value): string {
  return `sha256:${createHash('sha256').update(canonicalJson(value)).digest('hex')}`;
}

/** JSON with sorted keys. */
export function canonicalJson(value: Value): string {
  if (Array.isArray(value)) {
    return `[${value.map((one: Value) => canonicalJson(one)).join(',')}]`;
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1));
    return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonicalJson(one)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

/** Every text of some length among the values: what must not be seen where they came from a Secret. */
export function textsOf(value: Value): readonly string[] {
  const shortest = 4;
  if (typeof value === 'string') {
    return value.length < shortest ? [] : [value];
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}
