/**
 * Health of kinds whose own rules people write, with the meaning of Flux' healthCheckExprs (RFC-0009): after the generation was seen,
 * inProgress, failed and current are asked in this order, the first that is true counts, and where none is the object is InProgress.
 *
 * One difference: an expression that asks for a field that is not there yet makes the object InProgress; Flux calls it Unknown. Both wait.
 */
import { type Expression, variablesOf } from '../../cel/expression.ts';
import type { TimeLimit } from '../../cel/time-limit.ts';
import { type Fields, textAt } from './fields.ts';
import { current, failed, inProgress, type ObjectHealth, unknown } from './object-health.ts';

export interface HealthCheck {
  /** Empty for core kinds. Whatever the version of the API. */
  readonly group: string;
  readonly kind: string;
  readonly inProgress: Expression | undefined;
  readonly failed: Expression | undefined;
  readonly current: Expression;
}

/** The checks of one App, or of one command. */
export interface HealthChecks {
  readonly checks: readonly HealthCheck[];
  readonly limit: TimeLimit;
}

/** The check for an object of this kind, if there is one. */
export function checkFor(
  { checks }: Pick<HealthChecks, 'checks'>,
  { group, kind }: { readonly group: string; readonly kind: string },
): HealthCheck | undefined {
  return checks.find((check) => check.kind === kind && check.group === group);
}

/** Equal exactly for checks that say the same. */
export function textOf({ inProgress: going, failed: bad, current: good }: HealthCheck): string {
  return JSON.stringify([going?.text, bad?.text, good.text]);
}

/** Asks the expressions in their order; neither deletion nor generation is looked at here. */
export function assessByCheck(object: Fields, check: HealthCheck, limit: TimeLimit): ObjectHealth {
  const variables = variablesOf(object);
  const questions = [
    {
      name: 'inProgress',
      expression: check.inProgress,
      answer: inProgress('CheckInProgress', 'its check inProgress is true'),
    },
    {
      name: 'failed',
      expression: check.failed,
      answer: failed('CheckFailed', `its check failed is true${saidBy(object)}`),
    },
    { name: 'current', expression: check.current, answer: current('its check current is true') },
  ];
  for (const { name, expression, answer } of questions) {
    const verdict = expression?.evaluate(variables, limit) ?? { kind: 'False' };
    switch (verdict.kind) {
      case 'True':
        return answer;
      case 'Missing':
        return inProgress('CheckFieldMissing', `its check ${name} (${expression?.text}): ${verdict.message}`);
      case 'Error':
        return unknown('CheckError', `its check ${name} (${expression?.text}): ${verdict.message}`);
      case 'False':
        break;
    }
  }
  return inProgress('CheckNotCurrent', `its check current is not true yet${saidBy(object)}`);
}

/** What the object says of itself, where it has a usual place for it. */
function saidBy(object: Fields): string {
  const message = textAt(object, 'status.message', '');
  return message === '' ? '' : `: ${message}`;
}
