/** The value of a condition. Takes time in proportion to its length: there are no loops and no patterns in it. */
import { isFields } from '../health/objects/fields.ts';
import type { BinarySign, Expression, FunctionName } from './parse.ts';

export type Evaluated =
  | { readonly kind: 'Value'; readonly value: unknown }
  /** It does not fit what it is asked of, for example `result[0]` of an empty list. */
  | { readonly kind: 'Error'; readonly message: string };

class Misfit extends Error {}

/** @param result what `result` stands for */
export function evaluate(expression: Expression, result: unknown): Evaluated {
  try {
    return { kind: 'Value', value: evaluatePart(expression, result) };
  } catch (error) {
    if (error instanceof Misfit) {
      return { kind: 'Error', message: error.message };
    }
    throw error;
  }
}

function evaluatePart(expression: Expression, result: unknown): unknown {
  switch (expression.kind) {
    case 'Value':
      return expression.value;
    case 'Result':
      return result;
    case 'List':
      return expression.items.map((item) => evaluatePart(item, result));
    case 'Member':
      return memberOf(evaluatePart(expression.of, result), evaluatePart(expression.name, result));
    case 'Call':
      return call(
        expression.name,
        expression.parts.map((part) => evaluatePart(part, result)),
      );
    case 'Unary': {
      const value = evaluatePart(expression.of, result);
      return expression.sign === '!' ? !truth(value) : -numberOf(value);
    }
    case 'Choice':
      return evaluatePart(truth(evaluatePart(expression.of, result)) ? expression.then : expression.otherwise, result);
    case 'Binary':
      return binary(expression.sign, evaluatePart(expression.left, result), () =>
        evaluatePart(expression.right, result),
      );
  }
}

function memberOf(of: unknown, name: unknown): unknown {
  if (Array.isArray(of) && typeof name === 'number') {
    const index = name < 0 ? of.length + name : name;
    if (!Number.isInteger(index) || index < 0 || index >= of.length) {
      throw new Misfit(`there is no [${name}] in a list of ${of.length}`);
    }
    return of[index];
  }
  if (isFields(of) && typeof name === 'string') {
    return Object.hasOwn(of, name) ? of[name] : null;
  }
  throw new Misfit(`${describe(of)} has no member ${JSON.stringify(name)}`);
}

const functions: Readonly<Record<FunctionName, (first: unknown, second: unknown) => unknown>> = {
  len: lengthOf,
  asFloat: (first) => numberOf(readNumber(first)),
  asInt: (first) => Math.trunc(numberOf(readNumber(first))),
  isNaN: (first) => Number.isNaN(first),
  isInf: (first) => first === Number.POSITIVE_INFINITY || first === Number.NEGATIVE_INFINITY,
  isNil: (first) => isNothing(first),
  default: (first, second) => (isNothing(first) || (Array.isArray(first) && first.length === 0) ? second : first),
};

function call(name: FunctionName, [first, second]: readonly unknown[]): unknown {
  return functions[name](first, second);
}

function lengthOf(value: unknown): number {
  if (typeof value !== 'string' && !Array.isArray(value)) {
    throw new Misfit(`${describe(value)} has no length`);
  }
  return value.length;
}

function readNumber(value: unknown): unknown {
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined;
}

function binary(sign: BinarySign, left: unknown, right: () => unknown): unknown {
  switch (sign) {
    case '||':
    case 'or':
      return truth(left) || truth(right());
    case '&&':
    case 'and':
      return truth(left) && truth(right());
    case '==':
      return isSame(left, right());
    case '!=':
      return !isSame(left, right());
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compare(sign, left, right());
    case 'in':
      return isIn(left, right());
    case 'contains':
      return textOf(left).includes(textOf(right()));
    case 'startsWith':
      return textOf(left).startsWith(textOf(right()));
    case 'endsWith':
      return textOf(left).endsWith(textOf(right()));
    case '+':
      return typeof left === 'string' ? left + textOf(right()) : numberOf(left) + numberOf(right());
    case '-':
      return numberOf(left) - numberOf(right());
    case '*':
      return numberOf(left) * numberOf(right());
    case '/':
      return numberOf(left) / numberOf(right());
    case '%':
      return numberOf(left) % numberOf(right());
  }
}

function compare(sign: '<' | '<=' | '>' | '>=', left: unknown, right: unknown): boolean {
  const [one, other] =
    typeof left === 'string' && typeof right === 'string' ? [left, right] : [numberOf(left), numberOf(right)];
  switch (sign) {
    case '<':
      return one < other;
    case '<=':
      return one <= other;
    case '>':
      return one > other;
    case '>=':
      return one >= other;
  }
}

function isSame(left: unknown, right: unknown): boolean {
  return left === right || (left ?? null) === (right ?? null);
}

function isIn(value: unknown, list: unknown): boolean {
  if (Array.isArray(list)) {
    return list.some((one) => isSame(one, value));
  }
  if (isFields(list) && typeof value === 'string') {
    return Object.hasOwn(list, value);
  }
  throw new Misfit(`${describe(list)} is no list`);
}

function truth(value: unknown): boolean {
  if (typeof value !== 'boolean') {
    throw new Misfit(`${describe(value)} is neither true nor false`);
  }
  return value;
}

function numberOf(value: unknown): number {
  if (typeof value !== 'number') {
    throw new Misfit(`${describe(value)} is no number`);
  }
  return value;
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') {
    throw new Misfit(`${describe(value)} is no text`);
  }
  return value;
}

function describe(value: unknown): string {
  return String(JSON.stringify(value)).slice(0, 64);
}
