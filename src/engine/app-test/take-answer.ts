/** An outside tester calls back: its answer becomes the outcome of the attempt that it was asked for. */
import type { AppTest, WebhookProbe } from '../../core/app-test/app-test.ts';
import { readOutsideAnswer } from '../../core/app-test/outside-answer.ts';
import { type TestRecord, withOutcome } from '../../core/app-test/test-record.ts';
import { isTestToken } from '../../core/app-test/test-token.ts';
import { isOperationError } from '../../core/errors.ts';
import { notedTest } from '../../core/update/transitions.ts';
import { readAppSpec } from '../../resources/app/decode-app.ts';
import { changesOf, journalOf, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { Clock } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';
import type { SecretValues } from '../ports/secret-values.ts';

export interface AnswerContext {
  readonly records: Records;
  readonly secrets: SecretValues;
  readonly clock: Clock;
}

export interface TestAnswer {
  readonly namespace: string;
  readonly update: string;
  readonly test: string;
  readonly token: string;
  /** Decoded JSON. */
  readonly body: unknown;
}

/**
 * `Denied` also where there is no such test, so that nobody can find out which there are. `Late`: it has its verdict. `Foreign`:
 * it is about another digest. `Busy`: somebody else writes the Update; it is to be sent again.
 */
export type AnswerResult = 'Taken' | 'Pending' | 'Denied' | 'Late' | 'Foreign' | 'Invalid' | 'Busy';

/** @throws errors of the API server that pass */
export async function takeAnswer(
  context: AnswerContext,
  answer: TestAnswer,
  signal: AbortSignal,
): Promise<AnswerResult> {
  const asked = findAsked(context, answer);
  if (asked === undefined) {
    return 'Denied';
  }
  const { update, record, probe } = asked;
  const number = record.attempts + (record.verdict === undefined ? 1 : 0);
  const secret = await context.secrets.valueOf(answer.namespace, probe.secret, 'token', signal);
  if (!isTestToken(answer.token, secret, { uid: update.metadata.uid, test: answer.test, number })) {
    return 'Denied';
  }
  const said = readOutsideAnswer(answer.body, changesOf(update.spec));
  if (record.verdict !== undefined) {
    return 'Late';
  }
  return said?.kind === 'Outcome' ? await write(context, asked, said, signal) : (said?.kind ?? 'Invalid');
}

interface Asked {
  readonly update: UpdateObjectWire;
  readonly record: TestRecord;
  readonly test: AppTest;
  readonly probe: WebhookProbe;
}

async function write(
  { records, clock }: AnswerContext,
  { update, record, test }: Asked,
  { outcome }: Extract<ReturnType<typeof readOutsideAnswer>, { kind: 'Outcome' }>,
  signal: AbortSignal,
): Promise<AnswerResult> {
  const next = notedTest(journalOf(update, clock.now()), withOutcome(record, test.pace, outcome, clock.now()));
  try {
    await records.writeJournal(update, next, signal);
    return 'Taken';
  } catch (error) {
    if (isOperationError(error, 'API_CONFLICT')) {
      return 'Busy';
    }
    throw error;
  }
}

/** From watched copies: a flood of calls costs the API server nothing. */
function findAsked({ records, clock }: AnswerContext, answer: TestAnswer): Asked | undefined {
  const update = records.findUpdate(answer.namespace, answer.update);
  const app = update && records.findApp(answer.namespace, update.spec.app);
  const reading = app && readAppSpec(app);
  const test = reading?.kind === 'Valid' ? reading.value.tests.find(({ name }) => name === answer.test) : undefined;
  const journal = update && journalOf(update, clock.now());
  const record = journal?.tests?.find(({ name }) => name === answer.test);
  const isOn = journal?.phase === 'Testing' || journal?.phase === 'Watching' || record?.verdict !== undefined;
  return update && record && isOn && test?.probe.kind === 'Webhook'
    ? { update, record, test, probe: test.probe }
    : undefined;
}
