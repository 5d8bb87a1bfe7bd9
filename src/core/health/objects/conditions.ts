/** status.conditions of an object of any kind. */
import { type Fields, fieldAt, isFields, showValue } from './fields.ts';

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** The conditions in their order, or what is wrong with them, naming the field. */
export type ReadConditions =
  | { readonly kind: 'Read'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'Unreadable'; readonly problem: string };

/**
 * Reads status.conditions as kstatus does: every part of a condition may be absent, none may be of another type than
 * text, and `status: True` without quotes is no text.
 */
export function readConditions(object: Fields): ReadConditions {
  const status = fieldAt(object, 'status');
  if (status !== undefined && !isFields(status)) {
    return unreadable(`status is ${showValue(status)}, not a map`);
  }
  const list = fieldAt(object, 'status.conditions') ?? [];
  if (!Array.isArray(list)) {
    return unreadable(`status.conditions is ${showValue(list)}, not a list`);
  }
  const conditions: Condition[] = [];
  for (const [index, entry] of list.entries()) {
    const problem = problemOf(entry, `status.conditions[${index}]`);
    if (problem !== undefined) {
      return unreadable(problem);
    }
    conditions.push(toCondition(isFields(entry) ? entry : {}));
  }
  return { kind: 'Read', conditions };
}

/** Finds the first condition of a type and a status. */
export function findCondition(
  conditions: readonly Condition[],
  type: string,
  status: 'True' | 'False',
): Condition | undefined {
  return conditions.find((condition) => condition.type === type && condition.status === status);
}

const parts = ['type', 'status', 'reason', 'message'] as const;

function problemOf(entry: unknown, where: string): string | undefined {
  if (entry !== null && !isFields(entry)) {
    return `${where} is ${showValue(entry)}, not a map`;
  }
  for (const part of parts) {
    const value = entry === null ? undefined : fieldAt(entry, part);
    if (value !== undefined && typeof value !== 'string') {
      return `${where}.${part} is ${showValue(value)}, not a text`;
    }
  }
  return undefined;
}

function toCondition(entry: Fields): Condition {
  const read = (part: (typeof parts)[number]): string => {
    const value = fieldAt(entry, part);
    return typeof value === 'string' ? value : '';
  };
  return { type: read('type'), status: read('status'), reason: read('reason'), message: read('message') };
}

function unreadable(problem: string): ReadConditions {
  return { kind: 'Unreadable', problem };
}
