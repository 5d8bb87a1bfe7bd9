import { expect, test } from 'vitest';
import { digest } from '../../../test/fixtures.ts';
import { decodeRejection } from './decode-rejection.ts';

const metadata = { name: 'web-1', namespace: 'demo', uid: 'uid', creationTimestamp: '2026-05-04T12:00:00Z' };
const spec = { digest: digest('1'), reason: 'crashes', author: 'ann' };

test.each([
  [{}, { app: undefined, tag: undefined, expiresAt: undefined }],
  [
    { app: 'web', tag: '1.1.0', expiresAt: '2026-06-01T00:00:00Z' },
    { app: 'web', tag: '1.1.0', expiresAt: new Date('2026-06-01T00:00:00Z') },
  ],
])('%j is read as %j', (fields, expected) => {
  const read = decodeRejection({ metadata, spec: { ...spec, ...fields } }, 'Rejection demo/web-1');

  expect(read).toEqual({ name: 'web-1', namespace: 'demo', ...spec, ...expected });
});

test.each([
  [{ digest: 'latest' }, 'spec.digest "latest" must match pattern'],
  [{ expiresAt: 'never' }, 'spec.expiresAt "never" must match format'],
])('refuses %j: %s', (fields, problem) => {
  expect(() => decodeRejection({ metadata, spec: { ...spec, ...fields } }, 'Rejection demo/web-1')).toThrow(
    expect.objectContaining({
      code: 'OBJECT_INVALID',
      message: expect.stringContaining(`Rejection demo/web-1: ${problem}`),
    }),
  );
});
