/** The one place where an error of a pass becomes a retry and a line in the log. */
import { describeError, isOperationError, isWriteConflict } from '../core/errors.ts';
import type { Logger } from '../telemetry/log.ts';

export type Retrying = 'backoff' | 'drop' | { readonly afterMs: number };

/**
 * Conflicts are normal life of optimistic writes and only worth a debug line; `never` waits for the object to change;
 * anything that is not an OperationError is a defect of ours, said loudly, and tried again.
 */
export function outcomeOf(log: Logger, controller: string): (key: string, error: unknown) => Retrying {
  return (key, error) => {
    const fields = { controller, object: key, error: describeError(error) };
    if (!isOperationError(error)) {
      log.error('pass ended with a defect', { ...fields, stack: error instanceof Error ? error.stack : undefined });
      return 'backoff';
    }
    const coded = { ...fields, code: error.code, ...error.context };
    if (isWriteConflict(error)) {
      log.debug('pass met a conflict and is done again', coded);
      return 'backoff';
    }
    log.warn('pass ended with an error', { ...coded, retry: error.retry });
    switch (error.retry) {
      case 'backoff':
        return 'backoff';
      case 'after':
        return { afterMs: error.retryAfterMs ?? 0 };
      case 'never':
        return 'drop';
    }
  };
}
