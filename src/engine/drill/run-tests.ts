/** The tests of an App on its copy, one after the other, as an Update runs them. */

import type { RunnableTest } from '../../core/app-test/app-test.ts';
import { testFields } from '../../core/app-test/test-fields.ts';
import { deadlineOf, openTest, type TestRecord, timedOut, withOutcome } from '../../core/app-test/test-record.ts';
import { type Drill, decided } from '../../core/drill/drill.ts';
import { joinSome } from '../../core/text.ts';
import { changesOf } from '../../resources/update/decode-update.ts';
import type { TestSubject } from '../app-test/test-runner.ts';
import { attemptTest } from '../app-test/try-test.ts';
import type { Source } from './copy-checkpoint.ts';
import type { DrillAtWork, DrillContext, DrillPass } from './drill-context.ts';

interface Testing extends DrillAtWork {
  readonly source: Source;
}

const lookAgainMs = 1_000;

/** Goes on with them. The first that is not passed ends the drill. @throws errors of the API server that pass */
export async function runTests(context: DrillContext, testing: Testing, signal: AbortSignal): Promise<DrillPass> {
  const { drill, source } = testing;
  const bad = drill.tests.find(({ verdict }) => verdict !== undefined && verdict !== 'Pass');
  if (bad !== undefined) {
    const outcome = bad.verdict === 'Fail' ? 'Failed' : 'Inconclusive';
    return { kind: 'Noted', drill: decided(drill, outcome, say(source, `test ${bad.name}: ${bad.message}`)) };
  }
  const recordOf = (name: string) => drill.tests.find((one) => one.name === name);
  const next = source.tests.tests.find(({ name }) => recordOf(name)?.verdict === undefined);
  if (next === undefined) {
    const passed = drill.tests.length;
    const what = passed === 0 ? 'no test was run' : `${passed} ${passed === 1 ? 'test' : 'tests'} passed`;
    return { kind: 'Noted', drill: decided(drill, 'Passed', say(source, `the copy became healthy, ${what}`)) };
  }
  const record = recordOf(next.name);
  return record === undefined
    ? noted(drill, openTest(next.name, next.pace, context.clock.now()))
    : await tryOne(context, { ...testing, test: next, record }, signal);
}

async function tryOne(
  { clock, drillProbers }: DrillContext,
  testing: Testing & { readonly test: RunnableTest; readonly record: TestRecord },
  signal: AbortSignal,
): Promise<DrillPass> {
  const { drill, test, record } = testing;
  const now = clock.now();
  if (now >= deadlineOf(record, test.pace)) {
    return noted(drill, timedOut(record, test.pace, now));
  }
  if (record.nextAt !== undefined && now < record.nextAt && record.run === undefined) {
    return wait(`test ${test.name}: ${record.message || 'is to begin'}`, soon(now));
  }
  const attempted = await attemptTest(drillProbers, { subject: subjectOf(testing), test, record }, signal);
  switch (attempted.kind) {
    case 'Ended':
      return noted(drill, withOutcome(record, test.pace, attempted.outcome, clock.now()));
    case 'Begun':
      return noted(drill, { ...record, run: { id: attempted.id, startedAt: clock.now() } });
    case 'UnderWay':
      return wait(attempted.message, soon(now));
  }
}

/** What runs in the copy is what ran before the Update that made the checkpoint. */
function subjectOf({ app, drill, source }: Testing): TestSubject {
  const { namespace, namespaceUid = '', checkpoint = '' } = drill;
  const changes = changesOf(source.update.spec).map((change) => ({ ...change, to: change.from }));
  const { name } = app.metadata;
  return {
    owner: { kind: 'Namespace', namespace, name: namespace, uid: namespaceUid },
    ...{ app: name, namespace, secretsIn: app.metadata.namespace, changes, work: undefined },
    fields: testFields({ namespace, app: name, update: checkpoint }, changes),
    appliedAt: drill.startedAt,
  };
}

function say({ plan, tests }: Source, what: string): string {
  const notes = [...tests.skipped, ...plan.leftOut];
  return notes.length === 0 ? what : `${what}; ${joinSome(notes, '; ')}`;
}

function noted(drill: Drill, record: TestRecord): DrillPass {
  const others = drill.tests.filter(({ name }) => name !== record.name);
  return { kind: 'Noted', drill: { ...drill, tests: [...others, record] } };
}

function wait(message: string, until: Date): DrillPass {
  return { kind: 'Waiting', message, until };
}

function soon(now: Date): Date {
  return new Date(now.getTime() + lookAgainMs);
}
