/** What comes of a request to an address that a user named, as errors of ours. Of the address only the host is told. */
import { type ErrorCode, OperationError } from '../../core/errors.ts';
import type { OutboundRequest } from '../../engine/ports/outbound.ts';
import type { TlsPart } from '../../network/agents.ts';
import { describeFailure } from '../../network/describe-failure.ts';

/** The address is one that must not be asked. */
export function refused(wanted: OutboundRequest, because: string): OperationError {
  return failure(wanted, 'OUTBOUND_REFUSED', `${because}; nothing was sent there`);
}

export function invalidAnswer(wanted: OutboundRequest, found: string): OperationError {
  return failure(wanted, 'OUTBOUND_ANSWER_INVALID', found);
}

const invalidParts: Readonly<Record<TlsPart, string>> = {
  CaBundle: 'the CA bundle holds no PEM certificate',
  ClientCertificate: 'tls.crt and tls.key of the client are no PEM certificate and the key to it',
};

/** The certificates that the user names cannot be read. */
export function invalidTls(wanted: OutboundRequest, cause: unknown, part: TlsPart): OperationError {
  return failure(wanted, 'SECRET_INVALID', invalidParts[part], cause);
}

/** Makes the error of a request that brought no answer. */
export function unreachable(wanted: OutboundRequest, url: URL, error: unknown, timeoutMs: number): OperationError {
  const { kind, line } = describeFailure(url, error, { timeoutMs, plain: 'write http' });
  return failure(wanted, kind === 'Foreign' ? 'OUTBOUND_ANSWER_INVALID' : 'OUTBOUND_UNREACHABLE', line, error);
}

function failure({ what }: OutboundRequest, code: ErrorCode, line: string, cause?: unknown): OperationError {
  const options = { code, retry: 'backoff' } as const;
  return new OperationError(`${what}: ${line}`, cause === undefined ? options : { ...options, cause });
}
