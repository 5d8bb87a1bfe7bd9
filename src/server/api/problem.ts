/** Errors of the API as RFC 9457 has them. */
import type { FastifyReply } from 'fastify';
import Type from 'typebox';
import { describeError, isOperationError } from '../../core/errors.ts';
import type { Logger } from '../../telemetry/log.ts';

/** API: docs/guide/api.md has a row for each. */
export const problemCodes = {
  invalid: { status: 400, title: 'The request cannot be understood' },
  unauthorized: { status: 401, title: 'Sign in' },
  forbidden: { status: 403, title: 'You have no right to this' },
  'not-found': { status: 404, title: 'There is no such thing' },
  'method-not-allowed': { status: 405, title: 'This cannot be done to it' },
  conflict: { status: 409, title: 'It is not in the state that this needs' },
  'too-large': { status: 413, title: 'The request is too large' },
  'unsupported-media-type': { status: 415, title: 'Send application/json' },
  'too-many-requests': { status: 429, title: 'Come again later' },
  internal: { status: 500, title: 'Something went wrong here' },
  unavailable: { status: 503, title: 'Not right now; try again' },
} as const;

export type ProblemCode = keyof typeof problemCodes;

export const ProblemSchema = Type.Object(
  {
    type: Type.String({ description: 'about:blank: title and status say it all.' }),
    title: Type.String({ description: 'The same for every problem of this code.' }),
    status: Type.Integer({ description: 'The HTTP status.' }),
    code: Type.String({ description: 'One word for programs.' }),
    detail: Type.Optional(Type.String({ description: 'What was tried, on what, and what came back.' })),
  },
  { description: 'RFC 9457.' },
);

/** Thrown by routes; the error handler answers it. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly code: ProblemCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ProblemCode, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.code = code;
    this.headers = headers;
  }
}

/** Answers with the problem that an error stands for; what is a fault of our own is logged and not told. */
export function sendProblem(reply: FastifyReply, error: unknown, log: Logger): FastifyReply {
  const problem = problemOf(error);
  if (problem.code === 'internal') {
    log.error('request was not answered', { error: describeError(error) });
  }
  const { status, title } = problemCodes[problem.code];
  const detail = problem.code === 'internal' || problem.message === '' ? {} : { detail: problem.message };
  return reply
    .code(status)
    .headers(problem.headers)
    .type('application/problem+json')
    .send(JSON.stringify({ type: 'about:blank', title, status, code: problem.code, ...detail }));
}

const retrySoon = { 'retry-after': '2' };

/** The problem that an error stands for. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) {
    return error;
  }
  if (isOperationError(error)) {
    return problemOfOperation(error.code, describeError(error));
  }
  const status = statusOf(error);
  const code = codeByStatus.get(status) ?? (status >= 400 && status < 500 ? 'invalid' : 'internal');
  return new Problem(code, error instanceof Error ? error.message : '');
}

function problemOfOperation(code: string, detail: string): Problem {
  switch (code) {
    case 'USAGE':
    case 'API_CONFLICT':
    case 'UPDATE_CONFLICT':
      return new Problem('conflict', detail);
    case 'OBJECT_INVALID':
    case 'POLICY_INVALID':
    case 'REFERENCE_INVALID':
    case 'API_INVALID':
      return new Problem('invalid', detail);
    case 'API_FORBIDDEN':
      return new Problem('forbidden', detail);
    case 'API_NOT_FOUND':
    case 'TARGET_NOT_FOUND':
      return new Problem('not-found', detail);
    case 'SIGN_IN_REFUSED':
      return new Problem('unauthorized', detail);
    case 'INVARIANT':
      return new Problem('internal', detail);
    default:
      return new Problem('unavailable', detail, retrySoon);
  }
}

const codeByStatus: ReadonlyMap<number, ProblemCode> = new Map(
  Object.entries(problemCodes).map(([code, { status }]) => [status, code as ProblemCode]),
);

/** The status that Fastify gives its own errors; 500 for all others. */
function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : 500;
}
