import { compareDecimals, parseDecimal } from '../version/decimal.ts';
import type { NumericalPolicy, NumericPolicy } from './policy.ts';
import type { Rejection, TagOrder } from './ranking.ts';
import { inOrder, orderByScheme } from './scheme.ts';

const notANumber: Rejection = { reason: 'NotANumber', message: 'is no number' };

/** The greatest number (`asc`) or the smallest (`desc`), of any length and exact; other tags are left out. */
export function orderByNumeric(policy: NumericPolicy): TagOrder {
  const compare = inOrder(compareDecimals, policy.order);
  return orderByScheme({ read: parseDecimal, unreadable: notANumber, compare }, policy);
}

/**
 * The greatest number (`asc`) or the smallest (`desc`) as Flux has it (image-reflector-controller `policy/numerical.go`): numbers
 * are doubles, and one tag that is no number after filtering spoils the list, so that nothing is taken.
 */
export function orderByNumerical(policy: NumericalPolicy): TagOrder {
  const compare = inOrder(compareDoubles, policy.order);
  return orderByScheme({ read: parseDouble, unreadable: notANumber, isAllOrNothing: true, compare }, policy);
}

/** Difference would be no number for two infinities. */
function compareDoubles(left: number, right: number): number {
  return left === right ? 0 : left < right ? -1 : 1;
}

/**
 * What Go's strconv.ParseFloat takes, but for hexadecimal floats and NaN, which has no place in an order. A number that is too
 * large for a double is refused as there.
 */
function parseDouble(text: string): number | undefined {
  if (/^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/.test(text)) {
    const number = Number(text);
    return Number.isFinite(number) ? number : undefined;
  }
  const infinity = /^([+-]?)inf(?:inity)?$/i.exec(text);
  return infinity ? (infinity[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY) : undefined;
}
