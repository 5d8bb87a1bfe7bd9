/** The difference of two states of an object, field by field, as a person reads it. Values of Secrets are never in it. */
import { type Fields, isFields } from '../health/objects/fields.ts';
import { canonicalJson } from './canonical.ts';
import { itemKeyOf } from './owned-fields.ts';

export interface Difference {
  /** `spec.template.spec.containers[name=web].image`. */
  readonly path: string;
  /** Undefined where there was none. */
  readonly before: unknown;
  /** Undefined where there is none any more. */
  readonly after: unknown;
}

/** Beyond it differences are counted, not told. */
const mostDifferences = 200;

/** What the API server keeps for itself, and nobody asked for. */
const silent = [
  /^status(\.|$)/,
  /^metadata\.(managedFields|resourceVersion|generation|uid|creationTimestamp|selfLink)(\.|\[|$)/,
];

/** Differences of the fields of both, in the order of their paths, at most 200 of them. */
export function differencesOf(before: Fields, after: Fields): readonly Difference[] {
  const found: Difference[] = [];
  compare('', before, after, found);
  const told = found.filter(({ path }) => !silent.some((pattern) => pattern.test(path)));
  const isSecret = [before, after].some(({ kind, apiVersion }) => kind === 'Secret' && apiVersion === 'v1');
  return isSecret ? told.map(mask) : told;
}

/** `~ path: before -> after`, `+ path: value`, `- path: value`; long values are cut. */
export function formatDifference({ path, before, after }: Difference): string {
  if (before === undefined) {
    return `+ ${path}: ${show(after)}`;
  }
  return after === undefined ? `- ${path}: ${show(before)}` : `~ ${path}: ${show(before)} -> ${show(after)}`;
}

function compare(path: string, before: unknown, after: unknown, found: Difference[]): void {
  if (found.length >= mostDifferences || before === after) {
    return;
  }
  if (isFields(before) && isFields(after)) {
    compareFields(path, before, after, found);
  } else if (Array.isArray(before) && Array.isArray(after)) {
    compareItems(path, before, after, found);
  } else if (canonicalJson(before) !== canonicalJson(after)) {
    found.push({ path, before, after });
  }
}

function compareFields(path: string, before: Fields, after: Fields, found: Difference[]): void {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  for (const name of names) {
    const written = /^[\w-]+$/.test(name) ? name : `[${JSON.stringify(name)}]`;
    const joint = path === '' || written.startsWith('[') ? '' : '.';
    compare(`${path}${joint}${written}`, before[name], after[name], found);
  }
}

/** Items that have names are compared by name, so that one put in front does not change all that follow. */
function compareItems(path: string, before: readonly unknown[], after: readonly unknown[], found: Difference[]): void {
  const key = itemKeyOf([...before, ...after].length === 0 ? [] : after) ?? itemKeyOf(before);
  const sameKey = key !== undefined && [before, after].every((items) => items.length === 0 || isKeyedBy(items, key));
  if (!sameKey) {
    for (let index = 0; index < Math.max(before.length, after.length); index += 1) {
      compare(`${path}[${index}]`, before[index], after[index], found);
    }
    return;
  }
  const valuesOf = (items: readonly unknown[]) => items.map((item) => (isFields(item) ? item[key] : undefined));
  for (const value of new Set([...valuesOf(before), ...valuesOf(after)])) {
    const find = (items: readonly unknown[]) => items.find((item) => isFields(item) && item[key] === value);
    compare(`${path}[${key}=${String(value)}]`, find(before), find(after), found);
  }
}

function isKeyedBy(items: readonly unknown[], key: string): boolean {
  const values = items.map((item) => (isFields(item) ? item[key] : undefined));
  return !values.includes(undefined) && new Set(values).size === values.length;
}

function mask(difference: Difference): Difference {
  if (!/^(data|stringData)(\.|\[|$)/.test(difference.path) && !difference.path.includes('last-applied')) {
    return difference;
  }
  const hide = (value: unknown) => (value === undefined ? undefined : '(secret)');
  return { path: difference.path, before: hide(difference.before), after: hide(difference.after) };
}

const longestValue = 200;

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  const line = /[\n\r]/.test(text) ? JSON.stringify(text) : text;
  return line.length <= longestValue ? line : `${line.slice(0, longestValue - 1)}…`;
}
