/** Decimal numbers of any length, exact: a time in nanoseconds has more digits than a double can tell apart. */

export interface Decimal {
  readonly isNegative: boolean;
  /** Digits before the point without leading zeros; empty below one. */
  readonly whole: string;
  /** Digits behind the point without trailing zeros. */
  readonly fraction: string;
}

const decimalPattern = /^([+-]?)0*([0-9]*)(?:\.([0-9]*?)0*)?$/;

/** Undefined for what is no number in plain digits: `1e5`, `0x10`, `1.2.3`, `v1`, empty. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = /[0-9]/.test(text) ? decimalPattern.exec(text) : null;
  if (match === null) {
    return undefined;
  }
  const [, sign, whole = '', fraction = ''] = match;
  return { isNegative: sign === '-' && (whole !== '' || fraction !== ''), whole, fraction };
}

/** By value: negative when `left` is the smaller. */
export function compareDecimals(left: Decimal, right: Decimal): number {
  if (left.isNegative !== right.isNegative) {
    return left.isNegative ? -1 : 1;
  }
  return left.isNegative ? compareSizes(right, left) : compareSizes(left, right);
}

function compareSizes(left: Decimal, right: Decimal): number {
  return (
    left.whole.length - right.whole.length ||
    compareDigits(left.whole, right.whole) ||
    compareDigits(left.fraction, right.fraction)
  );
}

function compareDigits(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1;
}
