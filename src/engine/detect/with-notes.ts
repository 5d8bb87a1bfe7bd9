import { OperationError } from '../../core/errors.ts';
import { joinSome } from '../../core/text.ts';

/** What is amiss with the Secrets of this App; others got the same answer of the registry and have other Secrets. */
export function withNotes(error: OperationError, notes: readonly string[]): OperationError {
  const { message, code, retry, context } = error;
  return notes.length === 0
    ? error
    : new OperationError(joinSome([message, ...notes], '; '), { code, retry, context, cause: error.cause });
}
