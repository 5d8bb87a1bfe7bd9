import { expect, test } from 'vitest';
import { errorCodes, invariant, isOperationError, OperationError } from './errors.ts';

const denied = new OperationError('list tags of ghcr.io/org/app: 401 Unauthorized', {
  code: 'REGISTRY_DENIED',
  retry: 'backoff',
});

test('the codes are sorted and each stands once', () => {
  expect(errorCodes).toEqual([...new Set(errorCodes)].sort());
});

test.each([
  [denied, undefined, true],
  [denied, 'REGISTRY_DENIED', true],
  [denied, 'REGISTRY_NOT_FOUND', false],
  [new Error('REGISTRY_DENIED'), undefined, false],
  [{ ...denied }, undefined, false],
  [undefined, undefined, false],
] as const)('%o of code %s: %s', (error, code, expected) => {
  expect(isOperationError(error, code)).toBe(expected);
});

test('keeps the cause where there is one, and has none where there is not', () => {
  const cause = new Error('socket closed');
  const options = { code: 'REGISTRY_UNREACHABLE', retry: 'after', retryAfterMs: 5, context: { image: 'web' } } as const;

  expect(new OperationError('x', { ...options, cause })).toMatchObject({ ...options, cause });
  expect(denied).not.toHaveProperty('cause');
  expect(denied.context).toEqual({});
});

test('a broken invariant is never tried again', () => {
  expect(() => invariant(true, 'x')).not.toThrow();
  expect(() => invariant(false, 'steps are closed in order')).toThrow(
    expect.objectContaining({ code: 'INVARIANT', retry: 'never', message: 'steps are closed in order' }),
  );
});
