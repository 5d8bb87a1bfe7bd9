/**
 * `POST /v1/tests/NAMESPACE/UPDATE/TEST`: somebody who was asked to test says what it came to. Proven by the token that came with the question,
 * which is good for that one attempt.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { describeError, isOperationError } from '../core/errors.ts';
import { parseBoundedJson } from '../core/webhook/bounded-json.ts';
import type { AnswerResult, TestAnswer } from '../engine/app-test/take-answer.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { plainHeaders } from './plain-headers.ts';

export interface TestAnswerOptions {
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Undefined while another replica does the work. */
  readonly targets: () => { answerTest(answer: TestAnswer): Promise<AnswerResult> } | undefined;
  /** Undefined: there is no other replica. */
  readonly relay?:
    | {
        send(delivery: {
          readonly path: string;
          readonly headers: Readonly<Record<string, string>>;
          readonly body: Uint8Array;
        }): Promise<{ readonly status: number; readonly text: string } | undefined>;
      }
    | undefined;
}

const longestBody = 65_536;

interface Route {
  Params: { namespace: string; update: string; test: string };
  Body: unknown;
}

interface Said {
  /** A label of the metrics. */
  readonly result: string;
  readonly status: number;
  readonly text: string;
}

const answers: Readonly<Record<AnswerResult, Said>> = {
  Taken: { result: 'woken', status: 200, text: 'taken' },
  Pending: { result: 'ignored', status: 202, text: 'an outcome is still waited for' },
  Denied: { result: 'unauthorized', status: 401, text: 'the token is missing, wrong, or of another attempt' },
  Late: { result: 'ignored', status: 409, text: 'the test has its verdict' },
  Foreign: { result: 'invalid', status: 409, text: 'digest is not that of what was put in place' },
  Invalid: { result: 'invalid', status: 400, text: 'verdict must be pass, fail, inconclusive or pending' },
  Busy: { result: 'failed', status: 503, text: 'the Update is being written; send it again' },
};

export function addTestAnswers(server: FastifyInstance, options: TestAnswerOptions): void {
  server.register((scope, _options, done) => {
    const answer = (reply: FastifyReply, { result, status, text }: Said) => {
      options.metrics.webhookRequests.inc({ sender: 'test', result });
      return reply.code(status).send(`${text}\n`);
    };
    scope.setErrorHandler((error, _request, reply) => answer(reply, refusalOf(error, options.log)));
    scope.post<Route>('/v1/tests/:namespace/:update/:test', { bodyLimit: longestBody }, async (request, reply) =>
      answer(reply, await receive(options, request)),
    );
    done();
  });
}

async function receive(options: TestAnswerOptions, request: FastifyRequest<Route>): Promise<Said> {
  const headers = plainHeaders(request.headers);
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const [, token] = /^Bearer ([0-9a-f]{64})$/.exec(headers['authorization'] ?? '') ?? [];
  if (token === undefined) {
    return answers.Denied;
  }
  const targets = options.targets();
  if (targets === undefined) {
    const relayed = await options.relay?.send({ path: request.url, headers, body });
    return relayed === undefined
      ? { result: 'standby', status: 503, text: 'this replica stands by; try again' }
      : { result: 'relayed', status: relayed.status, text: relayed.text.trimEnd() };
  }
  return answers[await targets.answerTest({ ...request.params, token, body: parseBoundedJson(body.toString('utf8')) })];
}

function refusalOf(error: unknown, log: Logger): Said {
  if (isOperationError(error, 'WEBHOOK_INVALID')) {
    return { result: 'invalid', status: 400, text: error.message };
  }
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return { result: 'invalid', status, text: 'the request cannot be read' };
  }
  log.error('answer of a test was not taken', { error: describeError(error) });
  return { result: 'failed', status: 503, text: 'it could not be written; send it again' };
}
