/** What comes next while the tests of an Update are on: one after the other, in the order in which the App names them. */
import type { TestPace } from '../app-test/app-test.ts';
import { asksPerson, deadlineOf, openTest, type TestRecord, timedOut } from '../app-test/test-record.ts';
import type { Health } from '../health/health.ts';
import { joinSome } from '../text.ts';
import type { Waiting } from '../waiting.ts';
import type { Journal } from './journal.ts';

/** What the decision needs of a test. */
export interface TestPlan {
  readonly name: string;
  readonly pace: TestPace;
}

export type TestStep =
  /** Make one attempt of a test, or look at the one under way; harmless to repeat. */
  | { readonly kind: 'Test'; readonly name: string }
  | { readonly kind: 'NoteTest'; readonly record: TestRecord }
  /** It is not healthy any more while it is tested: it is watched again. */
  | { readonly kind: 'Relapse'; readonly message: string }
  | { readonly kind: 'Wait'; readonly waiting: Waiting; readonly lookAt?: Date | undefined };

export type TestingAnswer =
  | TestStep
  | { readonly kind: 'Bad'; readonly reason: 'TestFailed' | 'HealthTimeout'; readonly message: string }
  | { readonly kind: 'Passed'; readonly message: string };

export interface TestingSight {
  /** Undefined while the App cannot be read. */
  readonly tests: readonly TestPlan[] | undefined;
  readonly health: Health;
  /** What has to be undone when its window closes is looked at again then. */
  readonly closesAt: Date | undefined;
}

/** A version that is healthy between two breaks must not be tried for ever. */
const mostRelapses = 5;

/** A test that failed speaks first; a version that is not healthy is tested no further. */
export function judgeTesting(journal: Journal, { tests, health, closesAt }: TestingSight, now: Date): TestingAnswer {
  const answer = tests && judgeTests(tests, journal.tests ?? [], now);
  if (answer?.kind === 'Failed') {
    return { kind: 'Bad', reason: 'TestFailed', message: answer.message };
  }
  if (health.kind !== 'Current') {
    return relapse(journal, health.message);
  }
  switch (answer?.kind) {
    case undefined:
      return { kind: 'Wait', waiting: { reason: 'Testing', message: 'the App cannot be read, nor its tests' } };
    case 'Open':
      return notAfter(closesAt, answer.step);
    case 'Passed':
      return { kind: 'Passed', message: answer.message || 'the App names no tests any more' };
  }
}

function relapse({ steps }: Journal, message: string): TestingAnswer {
  const relapses = steps.filter((step) => step.name === 'Test').length;
  return relapses < mostRelapses
    ? { kind: 'Relapse', message }
    : {
        kind: 'Bad',
        reason: 'HealthTimeout',
        message: `did not stay healthy while it was tested, ${relapses} times: ${message}`,
      };
}

function notAfter(closesAt: Date | undefined, step: TestStep): TestStep {
  if (step.kind !== 'Wait' || closesAt === undefined) {
    return step;
  }
  const { until } = step.waiting;
  return until !== undefined && until < closesAt
    ? step
    : { kind: 'Wait', waiting: { ...step.waiting, until: closesAt } };
}

export type TestsAnswer =
  | { readonly kind: 'Open'; readonly step: TestStep }
  | { readonly kind: 'Failed'; readonly message: string }
  /** @property message what there is to say of them; '' without tests */
  | { readonly kind: 'Passed'; readonly message: string };

/**
 * Where the tests stand. One that failed decides at once; one that is inconclusive asks a person when all others are through, since another
 * may fail and spare the question. A test that the App names no more is left out.
 */
export function judgeTests(tests: readonly TestPlan[], records: readonly TestRecord[], now: Date): TestsAnswer {
  const mine = tests.flatMap(({ name }) => records.find((record) => record.name === name) ?? []);
  const failed = mine.find(({ verdict }) => verdict === 'Fail');
  if (failed !== undefined) {
    return { kind: 'Failed', message: `test ${failed.name}: ${failed.message}` };
  }
  for (const test of tests) {
    const record = mine.find(({ name }) => name === test.name);
    if (record?.verdict === undefined) {
      return { kind: 'Open', step: stepOf(test, record, now) };
    }
  }
  const asking = mine.filter(asksPerson);
  return asking.length > 0
    ? { kind: 'Open', step: { kind: 'Wait', waiting: askPerson(asking) } }
    : { kind: 'Passed', message: sayPassed(mine) };
}

function stepOf({ name, pace }: TestPlan, record: TestRecord | undefined, now: Date): TestStep {
  if (record === undefined) {
    return { kind: 'NoteTest', record: openTest(name, pace, now) };
  }
  if (now >= deadlineOf(record, pace)) {
    return { kind: 'NoteTest', record: timedOut(record, pace, now) };
  }
  return record.nextAt !== undefined && now < record.nextAt
    ? { kind: 'Wait', waiting: { reason: 'Testing', message: sayNext(record), until: record.nextAt } }
    : { kind: 'Test', name };
}

function sayNext({ name, attempts, message }: TestRecord): string {
  return attempts === 0 ? `test ${name} is to begin` : `test ${name}, after attempt ${attempts}: ${message}`;
}

function askPerson(asking: readonly TestRecord[]): Waiting {
  const said = joinSome(
    asking.map(({ name, message }) => `test ${name}: ${message}`),
    '; ',
  );
  return { reason: 'TestInconclusive', message: `a person has to approve or reject it; ${said}` };
}

function sayPassed(records: readonly TestRecord[]): string {
  const accepted = records.filter(({ acceptedBy }) => acceptedBy !== undefined);
  const passed = records.length - accepted.length;
  return [
    ...(passed > 0 ? [`${passed} ${passed === 1 ? 'test' : 'tests'} passed`] : []),
    ...accepted.map(({ name, acceptedBy }) => `test ${name} accepted by ${acceptedBy}`),
  ].join(', ');
}
