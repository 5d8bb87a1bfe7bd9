/** What a registry answers or fails to answer, as errors of ours. */
import { type ErrorCode, isOperationError, OperationError, type OperationErrorOptions } from '../../core/errors.ts';
import { joinSome } from '../../core/text.ts';
import type { RegistryAccess } from '../../engine/ports/registry.ts';
import { describeFailure, describeStatus, isHostUnreachable } from '../../network/describe-failure.ts';
import type { Answer } from './answer.ts';

/** What is being done, for messages and their context. */
export interface Operation {
  /** E.g. `list tags of ghcr.io/org/app`. */
  readonly what: string;
  /** `ghcr.io/org/app` */
  readonly repository: string;
}

const defaultRetryAfterMs = 60_000;
const minRetryAfterMs = 1_000;
/** Docker Hub's window; a registry that asks for more is asked again anyway. */
const maxRetryAfterMs = 6 * 3_600_000;
const maxDiagnosticLength = 200;

/** Makes the error of a status that the caller does not expect. */
export function unexpectedAnswer(operation: Operation, answer: Answer, now: Date): OperationError {
  const line = `${describeStatus(answer.status)}${describeDiagnostics(answer)}`;
  if (answer.status === 429) {
    return rateLimited(operation, line, parseRetryAfter(answer.headers['retry-after'], now));
  }
  if (answer.status === 401 || answer.status === 403) {
    return failure(operation, 'REGISTRY_DENIED', [line, remedyOf(answer.access)].join('; '));
  }
  if (answer.status === 404) {
    return failure(operation, 'REGISTRY_NOT_FOUND', line);
  }
  const isServerFault = answer.status >= 500 || answer.status === 408;
  return failure(operation, isServerFault ? 'REGISTRY_UNREACHABLE' : 'REGISTRY_ANSWER_INVALID', line);
}

function remedyOf({ credentials, notes = [] }: RegistryAccess): string {
  const remedy = credentials
    ? 'the credentials given do not open it'
    : 'no credentials were given; if it exists and is not public, name its pull secret';
  return joinSome([remedy, ...notes], '; ');
}

export function rateLimited(operation: Operation, line: string, retryAfterMs: number): OperationError {
  return new OperationError(`${operation.what}: ${line}`, {
    code: 'REGISTRY_RATE_LIMITED',
    retry: 'after',
    retryAfterMs,
    context: { repository: operation.repository },
  });
}

/** Not asked, because a moment ago nothing of the host could be reached. */
export function unreachableBefore(operation: Operation, host: string, retryAfterMs: number): OperationError {
  return new OperationError(`${operation.what}: not asked, ${host} could not be reached a moment ago`, {
    code: 'REGISTRY_UNREACHABLE',
    retry: 'after',
    retryAfterMs,
    context: { repository: operation.repository },
  });
}

/** Whether the error says something of the whole host: no connection came about. One repository may be ill on its own. */
export function isHostFailure(error: unknown): boolean {
  return isOperationError(error, 'REGISTRY_UNREACHABLE') && isHostUnreachable(error.cause);
}

/** The registry answered, but not what the protocol says. */
export function invalidAnswer(operation: Operation, found: string): OperationError {
  return failure(operation, 'REGISTRY_ANSWER_INVALID', found);
}

/** The certificates that the App names cannot be read. */
export function invalidBundle(operation: Operation, cause: unknown): OperationError {
  return failure(operation, 'SECRET_INVALID', 'the CA bundle holds no PEM certificate', cause);
}

/** Makes the error of a request that brought no answer. */
export function unreachable(operation: Operation, url: URL, error: unknown, timeoutMs: number): OperationError {
  const { kind, line } = describeFailure(url, error, { timeoutMs, plain: 'set insecure' });
  return failure(operation, kind === 'Foreign' ? 'REGISTRY_ANSWER_INVALID' : 'REGISTRY_UNREACHABLE', line, error);
}

/** Seconds or a date (RFC 9110, 10.2.3), held within a second and six hours; a minute where it says nothing. */
export function parseRetryAfter(header: string | readonly string[] | undefined, now: Date): number {
  const text = (typeof header === 'string' ? header : header?.[0])?.trim() ?? '';
  const dateMs = text.endsWith('GMT') ? Date.parse(text) : Number.NaN;
  const wantedMs = /^[0-9]{1,9}$/.test(text) ? Number(text) * 1_000 : dateMs - now.getTime();
  const retryAfterMs = Number.isFinite(wantedMs) ? wantedMs : defaultRetryAfterMs;
  return Math.min(Math.max(retryAfterMs, minRetryAfterMs), maxRetryAfterMs);
}

function failure(operation: Operation, code: ErrorCode, line: string, cause?: unknown): OperationError {
  const options: OperationErrorOptions = { code, retry: 'backoff', context: { repository: operation.repository } };
  return new OperationError(`${operation.what}: ${line}`, cause === undefined ? options : { ...options, cause });
}

/**
 * The first of the registry's own errors (OCI distribution spec, "Error Codes"). It is foreign text on its way to a status that more
 * people may read than the Secret, so what we sent is taken out of it.
 */
function describeDiagnostics({ body, access }: Answer): string {
  const first = firstError(body);
  const text = first
    .filter((part) => typeof part === 'string')
    .join(': ')
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim();
  if (text === '') {
    return '';
  }
  return ` (${redact(text, access).slice(0, maxDiagnosticLength)})`;
}

function firstError(body: Buffer): readonly unknown[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch {
    // An error page of something in between; the status says enough.
    return [];
  }
  const errors = isRecord(parsed) && Array.isArray(parsed['errors']) ? parsed['errors'] : [parsed];
  const [first] = errors;
  return isRecord(first) ? [first['code'], first['message'] ?? first['details']] : [];
}

function redact(text: string, { credentials }: RegistryAccess): string {
  if (credentials === undefined) {
    return text;
  }
  const { username, password, identityToken = '' } = credentials;
  const secrets = [password, Buffer.from(`${username}:${password}`).toString('base64'), identityToken].filter(
    (secret) => secret !== '',
  );
  return secrets.reduce((cleaned, secret) => cleaned.replaceAll(secret, '[redacted]'), text);
}

/** For answers that were parsed from JSON. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
