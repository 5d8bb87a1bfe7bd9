import Type from 'typebox';
import { expect, test } from 'vitest';
import { decoderOf, invalidObject } from './decode.ts';

const decode = decoderOf(
  Type.Object({
    name: Type.String({ pattern: '^[a-z]+$', maxLength: 8 }),
    kind: Type.Optional(Type.Enum(['A', 'B'])),
    'odd/key~': Type.Optional(Type.Boolean()),
    list: Type.Optional(Type.Array(Type.Object({ count: Type.Integer({ minimum: 2 }) }))),
  }),
);

test.each([
  [{ name: 'web' }],
  [{ name: 'web', kind: 'A', list: [{ count: 2 }] }],
  [{ name: 'web', unknown: 'fields of a newer version are left alone' }],
])('takes %j as it is', (value) => {
  expect(decode(value, 'Thing demo/web')).toBe(value);
});

test.each([
  [undefined, 'the object must be object'],
  [null, 'the object null must be object'],
  ['text', 'the object "text" must be object'],
  [{}, 'the object must have required properties name'],
  [{ name: 5 }, 'name 5 must be string'],
  [{ name: 'WEB' }, 'name "WEB" must match pattern "^[a-z]+$"'],
  [{ name: 'web', kind: 'C' }, 'kind "C" must be equal to one of the allowed values: A, B'],
  [{ name: 'web', 'odd/key~': 1 }, 'odd/key~ 1 must be boolean'],
  [{ name: 'web', list: [{ count: 2 }, { count: 1 }] }, 'list[1].count 1 must be >= 2'],
  [{ name: 'web', list: [{}] }, 'list[0] must have required properties count'],
  [{ name: 'WEB', kind: 'C' }, 'name "WEB" must match pattern "^[a-z]+$"; kind "C" must be equal'],
])('refuses %j: %s', (value, problem) => {
  expect(() => decode(value, 'Thing demo/web')).toThrow(
    expect.objectContaining({
      code: 'OBJECT_INVALID',
      retry: 'never',
      message: expect.stringContaining(`Thing demo/web: ${problem}`),
      context: { object: 'Thing demo/web' },
    }),
  );
});

test('a long value is cut', () => {
  const refuse = () => decode({ name: 'X'.repeat(1_000_000) }, 'Thing demo/web');

  expect(refuse).toThrow(expect.objectContaining({ message: expect.stringMatching(/^.{60,250}$/) }));
});

test('of many problems ten are told and the others counted', () => {
  const problems = Array.from({ length: 25 }, (_, index) => `problem ${index}`);

  const { message } = invalidObject('Thing demo/web', problems);

  expect(message).toMatch(/problem 9; and 15 more$/);
});
