/** One request to the App, judged. */
import type { Outcome } from '../../core/app-test/app-test.ts';
import type { HttpProbe } from '../../core/app-test/http-probe.ts';
import { judgeHttp, type TemplateFields } from '../../core/app-test/judge-http.ts';
import { testFields } from '../../core/app-test/test-fields.ts';
import { invariant, isOperationError } from '../../core/errors.ts';
import { fillTemplate } from '../../core/template.ts';
import { changesOf } from '../../resources/decode-update.ts';
import type { ServiceAnswer, ServiceProxy } from '../ports/service-proxy.ts';
import type { TestAttempt } from './test-runner.ts';

export interface HttpContext {
  readonly services: ServiceProxy;
  /** For durations. */
  readonly monotonicMs: () => number;
}

/** Of an answer; a page that is longer says nothing more about a version. */
const maxBodyBytes = 1_048_576;

export async function attemptHttp(context: HttpContext, attempt: TestAttempt, signal: AbortSignal): Promise<Outcome> {
  const { probe } = attempt.test;
  invariant(probe.kind === 'Http', `test ${attempt.test.name} is ${probe.kind}, and is attempted as Http`);
  const { update } = attempt.work;
  const { namespace, name } = update.metadata;
  const fields = testFields({ namespace, app: update.spec.app, update: name }, changesOf(update.spec));
  const startedMs = context.monotonicMs();
  try {
    const answer = await ask(context, { probe, namespace, fields }, signal);
    if (answer.kind === 'Silence') {
      return { kind: 'Fail', message: answer.message };
    }
    return judgeHttp(probe.expect, { ...answer, durationMs: context.monotonicMs() - startedMs }, fields);
  } catch (error) {
    if (isOperationError(error) && error.code !== 'INVARIANT') {
      // No right to ask, no Service, an API server that is away: nothing of it speaks of the version.
      return { kind: 'Error', message: error.message };
    }
    throw error;
  }
}

interface Question {
  readonly probe: HttpProbe;
  readonly namespace: string;
  readonly fields: TemplateFields;
}

async function ask(
  { services }: HttpContext,
  { probe, namespace, fields }: Question,
  signal: AbortSignal,
): Promise<ServiceAnswer> {
  const { target, method, timeoutMs } = probe;
  const headers = Object.fromEntries(probe.headers.map(({ name, value }) => [name, fillTemplate(value, fields)]));
  const body = probe.body === undefined ? undefined : fillTemplate(probe.body, fields);
  invariant(target.kind === 'Service', 'a URL is not asked yet');
  const { name: service, port, scheme } = target;
  const path = fillTemplate(target.path, escaped(fields));
  const request = { namespace, service, port, scheme, method, path, headers, body, timeoutMs, maxBytes: maxBodyBytes };
  return await services.send(request, signal);
}

/** What a version is called must not become a piece of the address. */
function escaped(fields: TemplateFields): TemplateFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, encodeURIComponent(value)]));
}
