/** Asks one veto. What goes wrong with that is an answer too: Unknown. */
import type { TimeLimit } from '../../../core/cel/time-limit.ts';
import { isOperationError } from '../../../core/errors.ts';
import type { AskedVeto, Verdict } from '../../../core/gates/asked-veto.ts';
import type { Fields } from '../../../core/health/objects/fields.ts';
import { authorizationOf } from '../../../core/outbound/login.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Outbound } from '../../ports/outbound.ts';
import type { OutboundAccess, OutboundLogins } from '../../ports/outbound-logins.ts';
import type { Prometheus } from '../../ports/prometheus.ts';
import { alertsAddress, judgeAlerts } from './alerts-veto.ts';
import { judgeObjects } from './cel-veto.ts';
import { judgeHttpAnswer } from './http-veto.ts';
import { judgeSamples } from './metric-veto.ts';

export interface VetoContext {
  readonly outbound: Outbound;
  readonly prometheus: Prometheus;
  readonly logins: OutboundLogins;
  readonly clock: Clock;
  readonly limit: TimeLimit;
}

/** For whom it is asked. */
export interface Asker {
  readonly namespace: string;
  readonly app: string;
  readonly update: string;
  /** Every object of the App, as it is now. @throws errors of the API server */
  readonly readObjects: (signal: AbortSignal) => Promise<readonly Fields[]>;
}

const maxHttpBytes = 65_536;
const maxAlertBytes = 1_048_576;

/** @throws what is no failure of the world; the reason of the signal */
export async function askVeto(
  context: VetoContext,
  asker: Asker,
  veto: AskedVeto,
  signal: AbortSignal,
): Promise<Verdict> {
  try {
    const access = await context.logins.accessFor(asker.namespace, veto.of.secret, signal);
    return await ask(context, { asker, veto, access }, signal);
  } catch (error) {
    if (isOperationError(error) && error.code !== 'INVARIANT') {
      return { kind: 'Unknown', because: error.message };
    }
    throw error;
  }
}

interface Question {
  readonly asker: Asker;
  readonly veto: AskedVeto;
  readonly access: OutboundAccess;
}

async function ask(context: VetoContext, question: Question, signal: AbortSignal): Promise<Verdict> {
  const { of } = question.veto;
  switch (of.kind) {
    case 'Http':
      return judgeHttpAnswer(await get(context, question, of, signal), context.clock.now());
    case 'Metric':
      return judgeSamples(
        await context.prometheus.query({ url: of.url, ...question.access }, of.query, undefined, signal),
        of.whenEmpty,
      );
    case 'Cel':
      return judgeObjects(of.expression, await question.asker.readObjects(signal), context.limit);
    case 'Alerts': {
      const url = alertsAddress(of.url, of.matchers);
      const answer = await get(context, question, { url, maxBytes: maxAlertBytes }, signal);
      return judgeAlerts(answer, answer.body.length >= maxAlertBytes);
    }
  }
}

async function get(
  { outbound }: VetoContext,
  { asker, veto, access }: Question,
  { url, maxBytes = maxHttpBytes }: { readonly url: string; readonly maxBytes?: number },
  signal: AbortSignal,
) {
  const { namespace, app, update } = asker;
  const headers = {
    accept: 'application/json, text/plain',
    'headgate-app': `${namespace}/${app}`,
    'headgate-update': update,
    ...authorizationOf(access.login),
  };
  const what = `ask veto ${veto.name} of App ${namespace}/${app}`;
  return await outbound.send(
    { what, method: 'GET', url, headers, maxBytes, cutsBody: true, caBundle: access.caBundle },
    signal,
  );
}
