/** Whether what a query gives is within its bounds. Pure. */
import { evaluate } from '../expression/evaluate.ts';
import type { Expression } from '../expression/parse.ts';
import type { Allowance, Conditions, MetricLimits, Outcome } from './app-test.ts';

/** What a query came to, as far as it can be judged. */
export type Measured =
  | { readonly kind: 'Number'; readonly value: number }
  /** Nothing that could be held against a bound. */
  | { readonly kind: 'Nothing'; readonly because: string };

/**
 * NaN, nothing at all and too much say nothing of a version.
 *
 * @param before the same before the version was put in place; undefined where it is not compared
 */
export function judgeLimits(limits: MetricLimits, now: Measured, before: Measured | undefined): Outcome {
  if (now.kind === 'Nothing') {
    return { kind: 'Inconclusive', message: `the query ${now.because}` };
  }
  const { min, max } = limits;
  if (min !== undefined && now.value < min) {
    return { kind: 'Fail', message: `${show(now.value)} is less than ${show(min)}` };
  }
  if (max !== undefined && now.value > max) {
    return { kind: 'Fail', message: `${show(now.value)} is more than ${show(max)}` };
  }
  return before === undefined ? { kind: 'Pass', message: show(now.value) } : compare(limits, now.value, before);
}

function compare({ baseline }: MetricLimits, now: number, before: Measured): Outcome {
  if (before.kind === 'Nothing') {
    return { kind: 'Inconclusive', message: `${show(now)}; before the update the query ${before.because}` };
  }
  const rise = now - before.value;
  const { maxIncrease, maxDecrease } = baseline ?? {};
  const said = `${show(now)}, before the update ${show(before.value)}`;
  if (maxIncrease !== undefined && rise > allowedOf(maxIncrease, before.value)) {
    return { kind: 'Fail', message: `${said}: risen by more than ${showAllowance(maxIncrease)}` };
  }
  if (maxDecrease !== undefined && -rise > allowedOf(maxDecrease, before.value)) {
    return { kind: 'Fail', message: `${said}: fallen by more than ${showAllowance(maxDecrease)}` };
  }
  return { kind: 'Pass', message: said };
}

function allowedOf(allowance: Allowance, before: number): number {
  return allowance.kind === 'Absolute' ? allowance.value : (Math.abs(before) * allowance.percent) / 100;
}

function showAllowance(allowance: Allowance): string {
  return allowance.kind === 'Absolute' ? show(allowance.value) : `${show(allowance.percent)}%`;
}

function show(value: number): string {
  return String(Number(value.toPrecision(6)));
}

/** As Argo Rollouts judges a measurement: failure first; with both conditions, what neither says is inconclusive. */
export function judgeConditions({ success, failure }: Conditions, result: unknown): Outcome {
  const shown = showResult(result);
  const failed = failure === undefined ? undefined : holds(failure, result);
  const succeeded = success === undefined ? undefined : holds(success, result);
  const misfit = [failed, succeeded].find((one) => typeof one === 'string');
  if (misfit !== undefined) {
    return { kind: 'Error', message: `the condition cannot be applied to ${shown}: ${misfit}` };
  }
  if (failed === true) {
    return { kind: 'Fail', message: `the failure condition holds for ${shown}` };
  }
  if (succeeded !== false) {
    return { kind: 'Pass', message: shown };
  }
  return failure === undefined
    ? { kind: 'Fail', message: `the success condition does not hold for ${shown}` }
    : { kind: 'Inconclusive', message: `neither condition holds for ${shown}` };
}

/** @returns a sentence when it cannot be told */
function holds(condition: Expression, result: unknown): boolean | string {
  const evaluated = evaluate(condition, result);
  if (evaluated.kind === 'Error') {
    return evaluated.message;
  }
  return typeof evaluated.value === 'boolean' ? evaluated.value : 'it gives neither true nor false';
}

function showResult(result: unknown): string {
  const text = Array.isArray(result) ? `[${result.join(', ')}]` : String(JSON.stringify(result));
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
