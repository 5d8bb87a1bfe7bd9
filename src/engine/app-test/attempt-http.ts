/** One request to the App, judged. */
import type { HttpProbe, HttpTls } from '../../core/app-test/http-probe.ts';
import { judgeHttp, type TemplateFields } from '../../core/app-test/judge-http.ts';
import { isOperationError } from '../../core/errors.ts';
import { fillTemplate } from '../../core/template.ts';
import type { Outbound, OutboundTls } from '../ports/outbound.ts';
import type { SecretValues } from '../ports/secret-values.ts';
import type { ServiceAnswer, ServiceProxy } from '../ports/service-proxy.ts';
import { type Attempted, ended, type TestAttempt } from './test-runner.ts';

export interface HttpContext {
  readonly services: ServiceProxy;
  readonly outbound: Outbound;
  readonly secrets: SecretValues;
  /** For durations. */
  readonly monotonicMs: () => number;
}

/** Of an answer; a page that is longer says nothing more about a version. */
const maxBodyBytes = 1_048_576;

export async function attemptHttp(
  context: HttpContext,
  { probe, subject }: TestAttempt<HttpProbe>,
  signal: AbortSignal,
): Promise<Attempted> {
  const { fields, secretsIn, namespace } = subject;
  const startedMs = context.monotonicMs();
  try {
    const answer = await ask(context, { probe, namespace, secretsIn, fields }, signal);
    if (answer.kind === 'Silence') {
      return ended('Fail', answer.message);
    }
    const outcome = judgeHttp(probe.expect, { ...answer, durationMs: context.monotonicMs() - startedMs }, fields);
    return { kind: 'Ended', outcome };
  } catch (error) {
    return notMade(error);
  }
}

/** No right to ask, no Service, no Secret, an API server that is away: nothing of it speaks of the version. */
export function notMade(error: unknown): Attempted {
  if (isOperationError(error) && error.code !== 'INVARIANT') {
    return ended('Error', error.message);
  }
  throw error;
}

interface Question {
  readonly probe: HttpProbe;
  readonly namespace: string;
  readonly secretsIn: string;
  readonly fields: TemplateFields;
}

async function ask(context: HttpContext, question: Question, signal: AbortSignal): Promise<ServiceAnswer> {
  const { probe, fields } = question;
  const headers = Object.fromEntries(probe.headers.map(({ name, value }) => [name, fillTemplate(value, fields)]));
  const body = probe.body === undefined ? {} : { body: fillTemplate(probe.body, fields) };
  return probe.target.kind === 'Service'
    ? await askService(context, { ...question, ...probe.target, sent: { headers, ...body } }, signal)
    : await askUrl(context, { ...question, ...probe.target, sent: { headers, ...body } }, signal);
}

interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

type Target<K extends string> = Question & Extract<HttpProbe['target'], { kind: K }> & { readonly sent: Sent };

async function askService(
  { services }: HttpContext,
  { probe, namespace, fields, name, port, scheme, path, sent }: Target<'Service'>,
  signal: AbortSignal,
): Promise<ServiceAnswer> {
  const request = {
    ...{ namespace, service: name, port, scheme, method: probe.method, ...sent },
    path: fillTemplate(path, escaped(fields)),
    timeoutMs: probe.timeoutMs,
    maxBytes: maxBodyBytes,
  };
  return await services.send(request, signal);
}

async function askUrl(
  { outbound, secrets }: HttpContext,
  { probe, secretsIn, fields, url, caSecret, tls, sent }: Target<'Url'>,
  signal: AbortSignal,
): Promise<ServiceAnswer> {
  const caBundle = caSecret === undefined ? undefined : await secrets.valueOf(secretsIn, caSecret, 'ca.crt', signal);
  const request = {
    what: `${probe.method} the address of the test`,
    ...{ method: probe.method, url: fillTemplate(url, escaped(fields)), ...sent, caBundle },
    tls: await connectionBy(secrets, secretsIn, tls, signal),
    ...{ timeoutMs: probe.timeoutMs, maxBytes: maxBodyBytes, cutsBody: true, maxRedirects: 0 },
  };
  try {
    const { status, headers, body } = await outbound.send(request, signal);
    const isCut = Buffer.byteLength(body) >= maxBodyBytes;
    return { kind: 'Response', status, headers: Object.fromEntries(headers), body, isCut };
  } catch (error) {
    // The address is the App's own, as the user says; one that does not answer is what is looked for.
    if (isOperationError(error, 'OUTBOUND_UNREACHABLE') || isOperationError(error, 'OUTBOUND_ANSWER_INVALID')) {
      return { kind: 'Silence', message: error.message };
    }
    throw error;
  }
}

async function connectionBy(
  secrets: SecretValues,
  namespace: string,
  { clientSecret, serverName, minVersion }: HttpTls,
  signal: AbortSignal,
): Promise<OutboundTls> {
  if (clientSecret === undefined) {
    return { serverName, minVersion };
  }
  const certificate = await secrets.valueOf(namespace, clientSecret, 'tls.crt', signal);
  const key = await secrets.valueOf(namespace, clientSecret, 'tls.key', signal);
  return { client: { certificate, key }, serverName, minVersion };
}

/** What a version is called must not become a piece of the address. */
export function escaped(fields: TemplateFields): TemplateFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, encodeURIComponent(value)]));
}
