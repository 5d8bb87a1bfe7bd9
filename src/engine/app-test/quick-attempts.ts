/** Attempts that this process makes itself and that take seconds: they go on beside the passes, and one that dies with the process is made anew. */
import type { Outcome } from '../../core/app-test/app-test.ts';
import type { RunningChecks } from '../check/running-checks.ts';
import type { Attempted, Prober, TestAttempt } from './test-runner.ts';

export type MakeAttempt = (attempt: TestAttempt, signal: AbortSignal) => Promise<Outcome>;

interface Ended {
  readonly attempt: string;
  readonly outcome: Outcome;
}

/** @param running their own; told of the key of the Update when one has ended */
export function quickAttempts(running: RunningChecks, make: MakeAttempt): Prober {
  const ended = new Map<string, Ended>();
  return {
    async attempt(attempt): Promise<Attempted> {
      const { work, test, record } = attempt;
      const key = keyOf(work.update.metadata);
      const number = record.attempts + 1;
      const basis = `${test.name} ${number}`;
      const known = ended.get(key);
      if (known?.attempt === basis) {
        return { kind: 'Ended', outcome: known.outcome };
      }
      if (!running.isUnderWay(key, basis)) {
        ended.delete(key);
        running.start(key, basis, {
          run: (signal) => make(attempt, signal),
          keep: (outcome) => ended.set(key, { attempt: basis, outcome }),
        });
      }
      return { kind: 'UnderWay', message: `test ${test.name}: attempt ${number} is made` };
    },
    release(update) {
      running.forget(keyOf(update));
      ended.delete(keyOf(update));
    },
  };
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
