import { isOperationError } from '../../core/errors.ts';

const refusals: readonly string[] = ['API_INVALID', 'API_REJECTED', 'API_FORBIDDEN'];

/**
 * What a trial says the API server would refuse, as no or one sentence. An admission webhook that cannot be called refuses too; one that has side effects
 * cannot be asked by a dry run, which says nothing of the change.
 *
 * @throws the error itself when it is no refusal
 */
export function refusalsIn(error: unknown): readonly string[] {
  if (!isOperationError(error)) {
    throw error;
  }
  const { code, message } = error;
  if (/does not support dry run/.test(message)) {
    return [];
  }
  if (refusals.includes(code) || (code === 'API_UNAVAILABLE' && /failed calling webhook/.test(message))) {
    return [message];
  }
  throw error;
}
