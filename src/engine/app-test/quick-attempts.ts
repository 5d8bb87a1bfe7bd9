/** What this process does itself for a test and what takes seconds: it goes on beside the passes, and is done anew where it dies with the process. */
import type { Probe } from '../../core/app-test/app-test.ts';
import type { RunningChecks } from '../check/running-checks.ts';
import type { Attempted, Prober, TestAttempt } from './test-runner.ts';

export interface QuickAttempts {
  /**
   * Finds what was made of `task`, or begins it.
   *
   * @param task another one for each thing that is to be done for the Update
   */
  find(attempt: TestAttempt, task: string, make: MakeAttempt): Attempted;
  /** A Prober that does one thing for each attempt. */
  prober<P extends Probe>(make: (attempt: TestAttempt<P>, signal: AbortSignal) => Promise<Attempted>): Prober<P>;
  /** What was found is to be done again. */
  forget(update: { readonly namespace: string; readonly name: string }): void;
}

export type MakeAttempt = (signal: AbortSignal) => Promise<Attempted>;

/** @param running their own; told of the key of the Update when one has ended */
export function createQuickAttempts(running: RunningChecks): QuickAttempts {
  const ended = new Map<string, { readonly task: string; readonly attempted: Attempted }>();
  const attempts: QuickAttempts = {
    find({ subject, test, record }, task, make) {
      const key = keyOf(subject.owner);
      const number = record.attempts + 1;
      const basis = `${subject.fields['update'] ?? ''} ${test.name} ${number} ${task}`;
      const known = ended.get(key);
      if (known?.task === basis) {
        return known.attempted;
      }
      if (!running.isUnderWay(key, basis)) {
        ended.delete(key);
        running.start(key, basis, { run: make, keep: (attempted) => ended.set(key, { task: basis, attempted }) });
      }
      return { kind: 'UnderWay', message: `test ${test.name}: attempt ${number} is made`, until: undefined };
    },
    prober: (make) => ({
      attempt: async (attempt) => attempts.find(attempt, 'ask', (signal) => make(attempt, signal)),
      release: attempts.forget,
    }),
    forget(update) {
      running.forget(keyOf(update));
      ended.delete(keyOf(update));
    },
  };
  return attempts;
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
