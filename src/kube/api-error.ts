/**
 * Answers of the API server that are no success, as OperationErrors.
 *
 * The Status object (apimachinery `metav1.Status`) says what came back. Messages name the call and the object;
 * they never hold the request body, and for Secrets not even the server's text, because validation quotes values.
 */
import { type ErrorCode, OperationError, type Retry } from '../core/errors.ts';

/** The call an error speaks of. `what` is shown to people: `patch Deployment demo/web`. */
export interface CallDescription {
  readonly what: string;
  /** The object holds secrets, so the server's text is not repeated. */
  readonly confidential?: boolean;
}

interface StatusCause {
  readonly reason?: unknown;
  readonly field?: unknown;
}

interface Status {
  readonly message: string;
  readonly reason: string;
  readonly causes: readonly StatusCause[];
}

/** More than this of a server's text helps nobody and fills conditions and logs. */
const maxMessageLength = 1024;
const maxFields = 5;

const phrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  410: 'Gone',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

/**
 * Turns an answer >= 400 into an error. `body` is the decoded JSON or the text, `retryAfterMs` the Retry-After header.
 * `context.reason` carries Status.reason, with `FieldManagerConflict` for a lost server-side apply.
 */
export function errorFromAnswer(
  call: CallDescription,
  httpStatus: number,
  body: unknown,
  retryAfterMs?: number,
): OperationError {
  const status = readStatus(body);
  const phrase = phrases[httpStatus] ?? status.reason;
  const reason = reasonOf(status);
  const code = codeOf(httpStatus, status);
  const text = textOf(call, status);
  return new OperationError(`${call.what}: ${httpStatus}${phrase && ` ${phrase}`}${text && `: ${text}`}`, {
    code,
    ...retryOf(code, reason, retryAfterMs),
    context: { call: call.what, status: String(httpStatus), ...(reason && { reason }), ...fieldsOf(status) },
  });
}

/** A call that got no usable answer: connection refused or cut, time passed, body too large or not JSON. */
export function unavailable(call: CallDescription, what: string, cause?: unknown): OperationError {
  return new OperationError(`${call.what}: ${what}`, {
    code: 'API_UNAVAILABLE',
    retry: 'backoff',
    context: { call: call.what },
    ...(cause !== undefined && { cause }),
  });
}

/** The `code` of a socket or TLS error where there is one, else its message, never more than a line. */
export function describeCause(cause: unknown): string {
  if (!(cause instanceof Error)) {
    return 'unknown error';
  }
  const inner = cause instanceof AggregateError ? (cause.errors[0] as unknown) : cause;
  const text = inner instanceof Error ? inner.message || String((inner as NodeJS.ErrnoException).code ?? '') : '';
  return clip(text.split('\n')[0] || cause.name);
}

function readStatus(body: unknown): Status {
  const none: Status = { message: typeof body === 'string' ? body.trim() : '', reason: '', causes: [] };
  if (typeof body !== 'object' || body === null) {
    return none;
  }
  const { message, reason, details } = body as { message?: unknown; reason?: unknown; details?: { causes?: unknown } };
  return {
    message: typeof message === 'string' ? message : '',
    reason: typeof reason === 'string' ? reason : '',
    causes: Array.isArray(details?.causes) ? (details.causes as readonly StatusCause[]) : [],
  };
}

function reasonOf(status: Status): string {
  const special = ['FieldManagerConflict', 'ResourceVersionTooLarge', 'NamespaceTerminating'];
  const cause = status.causes.find((each) => special.includes(String(each.reason)));
  return cause === undefined ? status.reason : String(cause.reason);
}

function codeOf(httpStatus: number, status: Status): ErrorCode {
  if (isAdmissionDenial(httpStatus, status)) {
    return 'API_REJECTED';
  }
  switch (httpStatus) {
    case 401:
    case 403:
      return 'API_FORBIDDEN';
    case 404:
      return 'API_NOT_FOUND';
    case 409:
      return 'API_CONFLICT';
    case 410:
      return 'API_GONE';
    case 408:
    case 429:
      return 'API_UNAVAILABLE';
    default:
      return httpStatus < 500 || isUntypable(status) ? 'API_INVALID' : 'API_UNAVAILABLE';
  }
}

/** Server-side apply answers 500 for a field that the schema does not have, or of another type: asking again cannot help. */
function isUntypable({ message }: Status): boolean {
  return /failed to create typed patch object/.test(message);
}

/**
 * The API has no field that says "an admission plugin refused this", so its fixed phrases decide: webhooks and
 * policies sign their refusals, and an authorizer's 403 always says `User "..." cannot`.
 */
function isAdmissionDenial(httpStatus: number, status: Status): boolean {
  if (httpStatus >= 500 || httpStatus === 401) {
    return false;
  }
  if (
    /^admission webhook ".*" denied the request|ValidatingAdmissionPolicy '.*' with binding '.*' denied request/s.test(
      status.message,
    )
  ) {
    return true;
  }
  return httpStatus === 403 && status.reason === 'Forbidden' && !/User ".*" cannot /s.test(status.message);
}

function retryOf(code: ErrorCode, reason: string, retryAfterMs?: number): { retry: Retry; retryAfterMs?: number } {
  if (code === 'API_UNAVAILABLE' && retryAfterMs !== undefined) {
    return { retry: 'after', retryAfterMs };
  }
  const waitsForInput = code === 'API_INVALID' || code === 'API_NOT_FOUND' || reason === 'FieldManagerConflict';
  return { retry: waitsForInput ? 'never' : 'backoff' };
}

function textOf(call: CallDescription, status: Status): string {
  return call.confidential ? clip(status.reason) : clip(status.message || status.reason);
}

function fieldsOf(status: Status): { fields?: string } {
  const fields = status.causes.map((cause) => cause.field).filter((field) => typeof field === 'string' && field !== '');
  return fields.length === 0 ? {} : { fields: clip(fields.slice(0, maxFields).join(', ')) };
}

/** The end is kept: a refused value is quoted whole, and only after it is said what is wrong with it. */
function clip(text: string): string {
  const tailLength = maxMessageLength / 4;
  return text.length <= maxMessageLength
    ? text
    : `${text.slice(0, maxMessageLength - tailLength)} ... ${text.slice(-tailLength)}`;
}
