/** One attempt of one test of an Update, and what becomes of its record. */
import type { Probe, RunnableTest } from '../../core/app-test/app-test.ts';
import { deadlineOf, withOutcome } from '../../core/app-test/test-record.ts';
import { invariant } from '../../core/errors.ts';
import type { Journal } from '../../core/update/journal.ts';
import { notedTest } from '../../core/update/transitions.ts';
import type { Waiting } from '../../core/waiting.ts';
import type { Work } from '../deploy/deployer.ts';
import type { Clock } from '../ports/clock.ts';
import { type Attempted, type Prober, type Probers, subjectOf, type TestAttempt } from './test-runner.ts';

export interface TryContext {
  readonly probers: Probers;
  readonly clock: Clock;
}

export type TryResult =
  | { readonly kind: 'Done'; readonly journal: Journal }
  | { readonly kind: 'Waiting'; readonly waiting: Waiting; readonly journal: Journal };

/**
 * Makes or looks at the attempt that is due.
 *
 * @param tests those of the App, as they can be run
 * @throws errors of the API server that pass
 */
export async function tryTest(
  { probers, clock }: TryContext,
  work: Work & { readonly tests: readonly RunnableTest[] },
  name: string,
  signal: AbortSignal,
): Promise<TryResult> {
  const { journal, tests } = work;
  const test = tests.find((one) => one.name === name);
  const record = journal.tests?.find((one) => one.name === name);
  invariant(test !== undefined && record !== undefined, `test ${name} is tried before it was noted`);
  const attempted = await attemptTest(probers, { subject: subjectOf(work), test, record }, signal);
  switch (attempted.kind) {
    case 'Ended':
      return {
        kind: 'Done',
        journal: notedTest(journal, withOutcome(record, test.pace, attempted.outcome, clock.now())),
      };
    case 'Begun': {
      const run = { id: attempted.id, startedAt: clock.now() };
      return { kind: 'Done', journal: notedTest(journal, { ...record, run }) };
    }
    case 'UnderWay': {
      const { message } = attempted;
      const until = sooner(attempted.until, deadlineOf(record, test.pace));
      return { kind: 'Waiting', waiting: { reason: 'Testing', message, until }, journal };
    }
  }
}

/** @throws errors of the API server that pass */
export async function attemptTest(
  probers: Probers,
  due: Omit<TestAttempt, 'probe'>,
  signal: AbortSignal,
): Promise<Attempted> {
  const { probe } = due.test;
  // The table has a prober of just this kind under its name, which the compiler cannot follow.
  const prober = probers[probe.kind] as Prober<Probe>;
  return await prober.attempt({ ...due, probe }, signal);
}

function sooner(one: Date | undefined, other: Date): Date {
  return one !== undefined && one < other ? one : other;
}
