/** The bytes of an answer that does not end by itself. */
import { OperationError } from '../core/errors.ts';
import { describeCause, unavailable } from './api-error.ts';
import type { Transport, TransportRequest } from './transport.ts';

/** @throws API_UNAVAILABLE when it breaks or goes silent, else as KubeClient says, or the signal's reason */
export async function* streamBytes(
  transport: Transport,
  request: TransportRequest,
  silenceMs: number,
): AsyncGenerator<Buffer> {
  const answer = await transport.open(request, silenceMs);
  try {
    answer.deadline.extend(silenceMs);
    for await (const chunk of answer.body) {
      answer.deadline.extend(silenceMs);
      yield chunk;
    }
  } catch (error) {
    if (request.signal?.aborted) {
      throw request.signal.reason;
    }
    if (answer.deadline.isExpired) {
      throw unavailable(request.call, `nothing came for ${silenceMs} ms`);
    }
    throw error instanceof OperationError ? error : unavailable(request.call, describeCause(error), error);
  } finally {
    answer.deadline.end();
  }
}
