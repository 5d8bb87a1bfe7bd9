import { describe, expect, test } from 'vitest';
import { describeError, errorCodes, invariant, isOperationError, OperationError } from './errors.ts';

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

const root = new Error('connect ECONNREFUSED 127.0.0.1:1');

describe('a chain of errors is told once, outermost first', () => {
  test.each<{ name: string; error: unknown; text: string }>([
    { name: 'an error alone', error: root, text: 'connect ECONNREFUSED 127.0.0.1:1' },
    {
      name: 'a cause that adds something',
      error: operation('read token file: unreadable', new Error('EACCES')),
      text: 'read token file: unreadable: because EACCES',
    },
    {
      name: 'a cause that was said already',
      error: operation('list App: connect ECONNREFUSED 127.0.0.1:1', root),
      text: 'list App: connect ECONNREFUSED 127.0.0.1:1',
    },
    {
      name: 'a cause that says nothing',
      error: operation('list App: connection refused', new AggregateError([root], '')),
      text: 'list App: connection refused',
    },
    { name: 'a cause that is no error', error: operation('list App', 'why'), text: 'list App: because why' },
    { name: 'something thrown that is no error', error: 'why', text: 'why' },
    { name: 'nothing', error: undefined, text: 'unknown error' },
  ])('$name', ({ error, text }) => {
    expect(describeError(error)).toBe(text);
  });

  test('even where it has no end', () => {
    const endless = new Error('round');
    endless.cause = new Error('and round', { cause: endless });

    expect(describeError(endless)).toBe('round: because and round');
  });
});

function operation(message: string, cause: unknown): OperationError {
  return new OperationError(message, { code: 'API_UNAVAILABLE', retry: 'backoff', cause });
}
