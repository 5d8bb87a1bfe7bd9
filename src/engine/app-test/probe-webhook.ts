/** Tests of kind `webhook`: somebody else tests, and says what it came to, at once, when asked again, or by calling back. */
import type { WebhookProbe } from '../../core/app-test/app-test.ts';
import { readOutsideAnswer } from '../../core/app-test/outside-answer.ts';
import { deadlineOf } from '../../core/app-test/test-record.ts';
import { testToken } from '../../core/app-test/test-token.ts';
import { signBody } from '../../core/outbound/sign-body.ts';
import { fillTemplate } from '../../core/template.ts';
import type { VersionChange } from '../../core/update/version-change.ts';
import type { Clock } from '../ports/clock.ts';
import type { Outbound, OutboundAnswer } from '../ports/outbound.ts';
import type { SecretValues } from '../ports/secret-values.ts';
import { escaped, notMade } from './attempt-http.ts';
import type { QuickAttempts } from './quick-attempts.ts';
import { type Attempted, countedFor, ended, type Prober, type TestAttempt } from './test-runner.ts';

export interface WebhookContext {
  readonly outbound: Outbound;
  readonly secrets: SecretValues;
  readonly clock: Clock;
}

type Attempt = TestAttempt<WebhookProbe>;

export function createWebhookProber(quick: QuickAttempts, context: WebhookContext): Prober<WebhookProbe> {
  return {
    async attempt(attempt) {
      const { record, probe, test } = attempt;
      if (record.run === undefined) {
        return quick.find(attempt, 'ask', (signal) => ask(context, attempt, signal));
      }
      if (probe.poll === undefined) {
        return { kind: 'UnderWay', message: `test ${test.name}: an answer is waited for`, until: undefined };
      }
      const again = () => quick.find(attempt, 'poll', (signal) => poll(context, attempt, signal));
      const polled = again();
      const isDue = polled.kind === 'UnderWay' && polled.until !== undefined && polled.until <= context.clock.now();
      if (isDue) {
        quick.forget(attempt.subject.owner);
        return again();
      }
      return polled;
    },
    release: quick.forget,
  };
}

async function ask(
  { outbound, secrets, clock }: WebhookContext,
  attempt: Attempt,
  signal: AbortSignal,
): Promise<Attempted> {
  const { probe, subject, test } = attempt;
  const id = idOf(attempt);
  try {
    const secret = await secrets.valueOf(subject.secretsIn, probe.secret, 'token', signal);
    const body = JSON.stringify(questionOf(attempt, secret));
    const signature = signBody(secret, body, clock.now());
    const answer = await outbound.send(
      {
        what: `ask for test ${test.name}`,
        method: 'POST',
        url: fillTemplate(probe.url, escaped(subject.fields)),
        headers: { 'content-type': 'application/json', 'idempotency-key': id, ...signature },
        body,
        maxRedirects: 0,
      },
      signal,
    );
    return answerOf(answer, subject.changes) ?? { kind: 'Begun', id };
  } catch (error) {
    return notMade(error);
  }
}

/** @returns undefined: it was taken, and the outcome comes later */
function answerOf({ status, body }: OutboundAnswer, changes: readonly VersionChange[]): Attempted | undefined {
  if (status < 200 || status > 299) {
    return ended('Error', `the address answers ${status}`);
  }
  const said = readOutsideAnswer(parse(body), changes);
  if (said?.kind === 'Foreign') {
    return ended('Error', said.message);
  }
  return said?.kind === 'Outcome' ? { kind: 'Ended', outcome: said.outcome } : undefined;
}

async function poll(
  { outbound, secrets, clock }: WebhookContext,
  attempt: Attempt,
  signal: AbortSignal,
): Promise<Attempted> {
  const { probe, subject, test, record } = attempt;
  const { url = '', everyMs = 0 } = probe.poll ?? {};
  const goesOn = (because: string): Attempted => ({
    kind: 'UnderWay',
    message: `test ${test.name} goes on: ${because}`,
    until: new Date(clock.now().getTime() + everyMs),
  });
  try {
    const secret = await secrets.valueOf(subject.secretsIn, probe.secret, 'token', signal);
    const answer = await outbound.send(
      {
        what: `ask how test ${test.name} stands`,
        method: 'GET',
        url: fillTemplate(url, escaped({ ...subject.fields, id: record.run?.id ?? '' })),
        headers: { authorization: `Bearer ${testToken(secret, asked(attempt))}`, accept: 'application/json' },
        maxRedirects: 0,
      },
      signal,
    );
    const said = answer.status === 200 ? readOutsideAnswer(parse(answer.body), subject.changes) : undefined;
    return said?.kind === 'Outcome'
      ? { kind: 'Ended', outcome: said.outcome }
      : goesOn(said?.message || `the address answers ${answer.status}`);
  } catch (error) {
    const failed = notMade(error);
    return goesOn(failed.kind === 'Ended' ? failed.outcome.message : '');
  }
}

function questionOf(attempt: Attempt, secret: string): unknown {
  const { subject, test, record } = attempt;
  const { namespace, name } = subject.owner;
  return {
    ...{ app: subject.app, namespace, update: name, test: test.name, id: idOf(attempt) },
    attempt: record.attempts + 1,
    changes: subject.changes,
    deadline: deadlineOf(record, test.pace).toISOString(),
    callback: { path: `/v1/tests/${namespace}/${name}/${test.name}`, token: testToken(secret, asked(attempt)) },
  };
}

/** The same for one attempt whoever asks, so that the other side can tell that it was asked before. */
function idOf({ subject, test, record }: Attempt): string {
  return `${countedFor(subject)}/${test.name}/${record.attempts + 1}`;
}

function asked({ subject, test, record }: Attempt) {
  return { uid: countedFor(subject), test: test.name, number: record.attempts + 1 };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
