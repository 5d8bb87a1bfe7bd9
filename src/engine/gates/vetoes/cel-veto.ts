/** A veto that an expression says of the App's workloads. */
import type { Expression } from '../../../core/cel/expression.ts';
import type { TimeLimit } from '../../../core/cel/time-limit.ts';
import { toCelValue } from '../../../core/cel/values.ts';
import type { Verdict } from '../../../core/gates/asked-veto.ts';
import type { Fields } from '../../../core/health/objects/fields.ts';

/** Of `objects`; a field that is not there is no answer, for nobody knows what was meant by it. */
export function judgeObjects(expression: Expression, objects: readonly Fields[], limit: TimeLimit): Verdict {
  const answer = expression.evaluate(new Map([['objects', toCelValue([...objects])]]), limit);
  switch (answer.kind) {
    case 'True':
      return { kind: 'Hold', reason: `"${expression.text}" is true` };
    case 'False':
      return { kind: 'Go' };
    case 'Missing':
    case 'Error':
      return { kind: 'Unknown', because: `"${expression.text}": ${answer.message}` };
  }
}
