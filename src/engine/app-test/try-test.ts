/** One attempt of one test of an Update, and what becomes of its record. */
import { deadlineOf, withOutcome } from '../../core/app-test/test-record.ts';
import { invariant } from '../../core/errors.ts';
import type { Journal } from '../../core/update/journal.ts';
import { notedTest } from '../../core/update/transitions.ts';
import type { Waiting } from '../../core/waiting.ts';
import type { Work } from '../deploy/deployer.ts';
import type { Clock } from '../ports/clock.ts';
import type { Probers } from './test-runner.ts';

export interface TryContext {
  readonly probers: Probers;
  readonly clock: Clock;
}

export type TryResult =
  | { readonly kind: 'Done'; readonly journal: Journal }
  | { readonly kind: 'Waiting'; readonly waiting: Waiting; readonly journal: Journal };

/** @throws errors of the API server that pass */
export async function tryTest(
  { probers, clock }: TryContext,
  work: Work,
  name: string,
  signal: AbortSignal,
): Promise<TryResult> {
  const { journal, spec } = work;
  const test = spec?.tests.find((one) => one.name === name);
  const record = journal.tests?.find((one) => one.name === name);
  invariant(test !== undefined && record !== undefined, `test ${name} is tried before it was noted`);
  const attempted = await probers[test.probe.kind].attempt({ work, test, record }, signal);
  if (attempted.kind === 'Ended') {
    return {
      kind: 'Done',
      journal: notedTest(journal, withOutcome(record, test.pace, attempted.outcome, clock.now())),
    };
  }
  const waiting = { reason: 'Testing', message: attempted.message, until: deadlineOf(record, test.pace) } as const;
  return { kind: 'Waiting', waiting, journal };
}
