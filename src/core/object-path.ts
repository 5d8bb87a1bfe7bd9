/** Finding a field of an object of the API by its path. */
import type { FieldPath, PathStep } from './field-path.ts';
import { formatFieldPath } from './field-path.ts';
import { type Fields, isFields } from './health/objects/fields.ts';

export type FoundField =
  /** @property pointer JSON Pointer (RFC 6901) of the very place, with the index of each chosen item */
  | { readonly kind: 'Found'; readonly pointer: string; readonly value: unknown }
  /** It is not there, but what it would stand in is: it can be added. */
  | { readonly kind: 'Absent'; readonly pointer: string }
  | { readonly kind: 'Missing'; readonly reason: string };

/** Follows a path; a field that is null counts as found, because a patch has to test for it. */
export function findField(object: Fields, path: FieldPath): FoundField {
  let at: unknown = object;
  let pointer = '';
  for (const [index, step] of path.entries()) {
    const next = stepInto(at, step);
    const way = formatFieldPath(path.slice(0, index + 1));
    if (next.kind === 'Several') {
      return { kind: 'Missing', reason: `${way} is there ${next.count} times` };
    }
    if (next.kind === 'None') {
      const canBeAdded = index === path.length - 1 && step.kind === 'Key' && isFields(at);
      return canBeAdded
        ? { kind: 'Absent', pointer: `${pointer}/${escapePointer(step.key)}` }
        : { kind: 'Missing', reason: `it has no ${way}` };
    }
    pointer = `${pointer}/${escapePointer(next.token)}`;
    at = next.value;
  }
  return { kind: 'Found', pointer, value: at };
}

type Stepped =
  | { readonly kind: 'One'; readonly token: string; readonly value: unknown }
  | { readonly kind: 'None' }
  | { readonly kind: 'Several'; readonly count: number };

function stepInto(at: unknown, step: PathStep): Stepped {
  switch (step.kind) {
    case 'Key':
      return isFields(at) && Object.hasOwn(at, step.key)
        ? { kind: 'One', token: step.key, value: at[step.key] }
        : { kind: 'None' };
    case 'Index':
      return Array.isArray(at) && step.index < at.length
        ? { kind: 'One', token: String(step.index), value: at[step.index] }
        : { kind: 'None' };
    case 'Item':
      return chooseItem(at, step.key, step.value);
  }
}

function chooseItem(at: unknown, key: string, value: string): Stepped {
  const items: readonly unknown[] = Array.isArray(at) ? at : [];
  const matches = [...items.entries()].filter(([, item]) => isFields(item) && item[key] === value);
  const [first] = matches;
  if (matches.length > 1) {
    return { kind: 'Several', count: matches.length };
  }
  return first === undefined ? { kind: 'None' } : { kind: 'One', token: String(first[0]), value: first[1] };
}

function escapePointer(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1');
}
