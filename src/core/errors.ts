/**
 * The one error class of the product and its closed set of codes.
 *
 * Expected outcomes ("no newer tag", "outside the window") are values, never errors. An error is a failure
 * of the world or of the input; it says what was tried, on what, and what came back, and it carries how to
 * retry, so that one place (controllers/outcome.ts) can turn any error into condition, event, log and requeue.
 */

/** Every code has a section in docs/reference/errors.md; a test compares both lists. */
export const errorCodes = [
  'API_CONFLICT',
  'API_FORBIDDEN',
  'API_GONE',
  'API_INVALID',
  'API_NOT_FOUND',
  'API_REJECTED',
  'API_UNAVAILABLE',
  'ARTIFACT_INVALID',
  'CHANNEL_CONFLICT',
  'CHANNEL_EXPIRED',
  'CHANNEL_FULL',
  'CHANNEL_INVALID',
  'CHANNEL_STORE_UNUSABLE',
  'CHANNEL_UNREACHABLE',
  'CHANNEL_UNTRUSTED',
  'CHART_INVALID',
  'CONFIG_INVALID',
  'CREDENTIALS_UNUSABLE',
  'FILE_UNUSABLE',
  'FOLDER_UNUSABLE',
  'GIT_DENIED',
  'GIT_NOT_FOUND',
  'GIT_UNREACHABLE',
  'GIT_UNUSABLE',
  'HELM_CHART_INVALID',
  'HELM_RELEASE_INVALID',
  'HELM_UNAVAILABLE',
  'INVARIANT',
  'KEY_UNUSABLE',
  'LEASE_LOST',
  'MANIFEST_INVALID',
  'OBJECT_CLAIMED',
  'OBJECT_INVALID',
  'OUTBOUND_ANSWER_INVALID',
  'OUTBOUND_REFUSED',
  'OUTBOUND_UNREACHABLE',
  'POLICY_INVALID',
  'PROVIDER_UNAVAILABLE',
  'REFERENCE_INVALID',
  'REGISTRY_ANSWER_INVALID',
  'REGISTRY_DENIED',
  'REGISTRY_NOT_FOUND',
  'REGISTRY_RATE_LIMITED',
  'REGISTRY_UNREACHABLE',
  'SECRET_INVALID',
  'SECRET_NOT_FOUND',
  'SIGN_IN_REFUSED',
  'SOURCE_UNUSABLE',
  'TARGET_NOT_FOUND',
  'UPDATE_CONFLICT',
  'USAGE',
  'VELERO_UNUSABLE',
  'VOLUME_UNUSABLE',
  'WEBHOOK_INVALID',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/**
 * What the controller loop does with the error: `backoff` tries again with growing delay, `after` tries again
 * after `retryAfterMs`, `never` waits until the input changes.
 */
export type Retry = 'backoff' | 'after' | 'never';

export interface OperationErrorOptions {
  readonly code: ErrorCode;
  readonly retry: Retry;
  /** Milliseconds; only with `retry: 'after'`. */
  readonly retryAfterMs?: number;
  /** Short strings for logs and conditions: object, image, url. Never a secret: redact before making the error. */
  readonly context?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** Message form: `<what was tried> <on what>: <what came back>`, e.g. `list tags of ghcr.io/org/app: 429 Too Many Requests`. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly retryAfterMs: number | undefined;
  readonly context: Readonly<Record<string, string>>;

  constructor(message: string, options: OperationErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.retry = options.retry;
    this.retryAfterMs = options.retryAfterMs;
    this.context = options.context ?? {};
  }
}

/** Narrows an unknown caught value to an OperationError, optionally of one code. */
export function isOperationError(error: unknown, code?: ErrorCode): error is OperationError {
  return error instanceof OperationError && (code === undefined || error.code === code);
}

/** Somebody else wrote first: normal life of optimistic writes, and no news for anybody. */
export function isWriteConflict({ code }: OperationError): boolean {
  return code === 'API_CONFLICT' || code === 'UPDATE_CONFLICT';
}

/** A broken assumption of our own code; never a situation of the world. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) {
    throw new OperationError(message, { code: 'INVARIANT', retry: 'never' });
  }
}

/** A chain of errors as one text, outermost first. A cause that an outer message has said already is left out. */
export function describeError(error: unknown): string {
  const maxDepth = 8;
  let text = '';
  let depth = 0;
  for (let one = error; one !== undefined && depth < maxDepth; one = one instanceof Error ? one.cause : undefined) {
    const message = one instanceof Error ? one.message : String(one);
    if (!text.includes(message)) {
      text += text === '' ? message : `: because ${message}`;
    }
    depth += 1;
  }
  return text === '' ? 'unknown error' : text;
}
