import { describe, expect, test } from 'vitest';
import { errorFromAnswer } from './api-error.ts';

const call = { what: 'patch Deployment demo/web' };

function status(reason: string, message: string, causes: readonly object[] = []) {
  return { kind: 'Status', status: 'Failure', reason, message, details: { causes } };
}

describe('code and retry class', () => {
  test.each([
    {
      name: 'bad request',
      http: 400,
      body: status('BadRequest', 'unknown field "x"'),
      code: 'API_INVALID',
      retry: 'never',
    },
    {
      name: 'no credentials',
      http: 401,
      body: status('Unauthorized', 'Unauthorized'),
      code: 'API_FORBIDDEN',
      retry: 'backoff',
    },
    {
      name: 'RBAC',
      http: 403,
      body: status(
        'Forbidden',
        'deployments.apps "web" is forbidden: User "a" cannot patch resource "deployments" in API group "apps"',
      ),
      code: 'API_FORBIDDEN',
      retry: 'backoff',
    },
    {
      name: 'quota',
      http: 403,
      body: status('Forbidden', 'pods "web" is forbidden: exceeded quota: q, requested: pods=1'),
      code: 'API_REJECTED',
      retry: 'backoff',
    },
    { name: '403 of a proxy', http: 403, body: '<html>', code: 'API_FORBIDDEN', retry: 'backoff' },
    { name: 'not found', http: 404, body: status('NotFound', 'not found'), code: 'API_NOT_FOUND', retry: 'never' },
    { name: 'stale', http: 409, body: status('Conflict', 'modified'), code: 'API_CONFLICT', retry: 'backoff' },
    { name: 'exists', http: 409, body: status('AlreadyExists', 'exists'), code: 'API_CONFLICT', retry: 'backoff' },
    { name: 'expired', http: 410, body: status('Expired', 'too old'), code: 'API_GONE', retry: 'backoff' },
    {
      name: 'too large',
      http: 413,
      body: status('RequestEntityTooLarge', 'limit'),
      code: 'API_INVALID',
      retry: 'never',
    },
    { name: 'invalid', http: 422, body: status('Invalid', 'spec.x: Required'), code: 'API_INVALID', retry: 'never' },
    {
      name: 'webhook',
      http: 400,
      body: status('', 'admission webhook "policy.example.org" denied the request: no'),
      code: 'API_REJECTED',
      retry: 'backoff',
    },
    {
      name: 'admission policy',
      http: 422,
      body: status(
        'Invalid',
        "deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no",
      ),
      code: 'API_REJECTED',
      retry: 'backoff',
    },
    { name: 'busy', http: 429, body: status('TooManyRequests', 'later'), code: 'API_UNAVAILABLE', retry: 'backoff' },
    {
      name: 'webhook that is down',
      http: 500,
      body: status('InternalError', 'failed calling webhook "policy.example.org": connection refused'),
      code: 'API_UNAVAILABLE',
      retry: 'backoff',
    },
    {
      name: 'field that the schema does not have',
      http: 500,
      body: status('InternalError', 'failed to create typed patch object (demo/web; v1): .spec.x: field not declared'),
      code: 'API_INVALID',
      retry: 'never',
    },
    { name: 'gateway', http: 504, body: undefined, code: 'API_UNAVAILABLE', retry: 'backoff' },
  ])('$name ($http): $code, $retry', ({ http, body, code, retry }) => {
    expect(errorFromAnswer(call, http, body)).toMatchObject({ code, retry });
  });

  test('Retry-After makes it after', () => {
    expect(errorFromAnswer(call, 429, undefined, 2_000)).toMatchObject({ retry: 'after', retryAfterMs: 2_000 });
  });
});

test('the message names the call, the status and what the server said', () => {
  const error = errorFromAnswer(call, 409, status('Conflict', 'the object has been modified'));

  expect(error.message).toBe('patch Deployment demo/web: 409 Conflict: the object has been modified');
  expect(error.context).toEqual({ call: 'patch Deployment demo/web', status: '409', reason: 'Conflict' });
});

test('fields of the causes are listed, a few of them', () => {
  const causes = Array.from({ length: 20 }, (_, index) => ({ field: `spec.f${index}`, message: 'no' }));

  expect(errorFromAnswer(call, 422, status('Invalid', 'bad', causes)).context['fields']).toBe(
    'spec.f0, spec.f1, spec.f2, spec.f3, spec.f4',
  );
});

test('a long text of the server is cut', () => {
  const { message } = errorFromAnswer(call, 500, `${'x'.repeat(100_000)}: field is immutable`);

  expect(message.length).toBeLessThan(1_200);
  expect(message).toMatch(/field is immutable$/);
});

test('of a confidential object only the reason is told', () => {
  const body = status('Invalid', 'data: Invalid value: "hunter2"', [
    { field: 'data', message: 'Invalid value: "hunter2"' },
  ]);

  const error = errorFromAnswer({ what: 'create Secret demo/s', confidential: true }, 422, body);

  expect(error.message).toBe('create Secret demo/s: 422 Unprocessable Content: Invalid');
  expect(JSON.stringify(error)).not.toContain('hunter2');
});
