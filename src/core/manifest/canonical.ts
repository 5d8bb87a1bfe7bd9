/** One text for equal values, whatever the order of their keys, and a short hash of it. */
import { createHash } from 'node:crypto';
import { isFields } from '../health/objects/fields.ts';

/** JSON with sorted keys; what JSON leaves out is left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (isFields(inner) ? sorted(inner) : inner)) ?? 'null';
}

/** 96 bits in 16 characters: enough to tell states of one object apart, short enough to keep two for each of thousands. */
export function contentHash(value: unknown): string {
  const bits96 = 12;
  return createHash('sha256').update(canonicalJson(value)).digest().subarray(0, bits96).toString('base64url');
}

function sorted(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const names = Object.keys(fields);
  const isSorted = names.every((name, index) => index === 0 || (names[index - 1] ?? '') < name);
  return isSorted ? fields : Object.fromEntries(names.sort().map((name) => [name, fields[name]]));
}
