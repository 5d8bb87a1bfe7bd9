/** What is wrong with charts, as errors of ours. */
import { OperationError } from '../../../core/errors.ts';

export function chartInvalid(what: string, repository: string, found: string): OperationError {
  return new OperationError(`${what}: ${found}`, { code: 'CHART_INVALID', retry: 'backoff', context: { repository } });
}

export function chartNotFound(what: string, repository: string, found: string): OperationError {
  return new OperationError(`${what}: ${found}`, {
    code: 'REGISTRY_NOT_FOUND',
    retry: 'backoff',
    context: { repository },
  });
}
