/**
 * Paths into Helm values, as `helm --set` reads their left side: `image.tag`, `list[0].name`, `nodeSelector.kubernetes\.io/role`.
 */
import { isValues, type Value, type Values } from './values.ts';

/** A key of a map, or an index of a list. */
export type PathPart = string | number;
export type ValuePath = readonly PathPart[];

/** A list may be made longer by one item at most by far: Helm's own limit is 65,536. */
const largestIndex = 1_000;
const deepest = 30;

/** @returns a message that says what is wrong where the text is no path */
export function parseValuePath(text: string): ValuePath | { readonly problem: string } {
  const parts: PathPart[] = [];
  for (const piece of splitAtDots(text)) {
    const [, key = '', indexes = ''] = /^((?:[^[\]\\]|\\.)*)((?:\[\d{1,6}\])*)$/s.exec(piece) ?? [];
    if (key === '') {
      return { problem: `"${text}" is no path into values; write it as image.tag, list[0].name or annotations.a\\.b` };
    }
    const numbers = [...indexes.matchAll(/\d+/g)].map(([digits]) => Number(digits));
    parts.push(key.replace(/\\(.)/gs, '$1'), ...numbers);
    if (numbers.some((number) => number > largestIndex) || parts.length > deepest) {
      return { problem: `"${text}" goes too far: at most index ${largestIndex} and ${deepest} parts` };
    }
  }
  return parts;
}

function splitAtDots(text: string): string[] {
  const pieces = [''];
  for (const [token] of text.matchAll(/\\.|[^\\]|\\$/gs)) {
    if (token === '.') {
      pieces.push('');
    } else {
      pieces[pieces.length - 1] += token;
    }
  }
  return pieces;
}

/** What stands at a path; undefined when nothing does. */
export function valueAt(values: Value | undefined, path: ValuePath): Value | undefined {
  let value: Value | undefined = values;
  for (const part of path) {
    value = childOf(value, part);
  }
  return value;
}

/** The same values with another one at the path; what is in the way (a text where a map must be) is replaced, as Helm does. */
export function withValueAt(values: Values, path: ValuePath, value: Value): Values {
  const changed = replaceAt(values, path, value);
  return isValues(changed) ? changed : values;
}

function replaceAt(within: Value | undefined, path: ValuePath, value: Value): Value {
  const [part, ...rest] = path;
  if (part === undefined) {
    return value;
  }
  const child = replaceAt(childOf(within, part), rest, value);
  if (typeof part === 'string') {
    const map = isValues(within) ? within : {};
    return Object.fromEntries([...Object.entries(map).filter(([key]) => key !== part), [part, child]]);
  }
  const list: readonly Value[] = Array.isArray(within) ? within : [];
  const padded = [...list, ...Array<Value>(Math.max(0, part - list.length)).fill(null)];
  return [...padded.slice(0, part), child, ...padded.slice(part + 1)];
}

function childOf(value: Value | undefined, part: PathPart): Value | undefined {
  if (typeof part === 'number') {
    return Array.isArray(value) ? value[part] : undefined;
  }
  return isValues(value) && Object.hasOwn(value, part) ? value[part] : undefined;
}

/** A text as `helm --set` types it: true, false, null, whole numbers; quotes around it keep it a text. */
export function typedValue(text: string): Value {
  const quoted = /^(["'])(.*)\1$/s.exec(text);
  if (quoted) {
    return quoted[2] ?? '';
  }
  if (text === 'true' || text === 'false') {
    return text === 'true';
  }
  if (text === 'null') {
    return null;
  }
  return /^(?:0|-?[1-9]\d{0,14})$/.test(text) ? Number(text) : text;
}
