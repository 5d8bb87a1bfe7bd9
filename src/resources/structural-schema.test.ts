import Type, { type TSchema } from 'typebox';
import { expect, test } from 'vitest';
import { isOperationError } from '../core/errors.ts';
import { toStructuralSchema } from './structural-schema.ts';

const rule = { rule: 'self != ""', message: 'must not be empty' };

const rows: readonly { name: string; schema: TSchema; expected: unknown }[] = [
  { name: 'literal', schema: Type.Literal('a'), expected: { type: 'string', enum: ['a'] } },
  {
    name: 'union of literals keeps description and default',
    schema: Type.Union([Type.Literal('a'), Type.Literal('b')], { default: 'a', description: 'which' }),
    expected: { type: 'string', enum: ['a', 'b'], default: 'a', description: 'which' },
  },
  { name: 'enum without a type', schema: Type.Enum([1, 2]), expected: { type: 'integer', enum: [1, 2] } },
  {
    name: 'integer or string',
    schema: Type.Union([Type.Integer(), Type.String()], { description: 'port' }),
    expected: { description: 'port', 'x-kubernetes-int-or-string': true },
  },
  {
    name: 'nullable',
    schema: Type.Union([Type.String({ maxLength: 3 }), Type.Null()]),
    expected: { type: 'string', maxLength: 3, nullable: true },
  },
  {
    name: 'map',
    schema: Type.Record(Type.String(), Type.Integer(), { maxProperties: 4 }),
    expected: { type: 'object', maxProperties: 4, additionalProperties: { type: 'integer' } },
  },
  { name: 'anything', schema: Type.Unknown(), expected: { 'x-kubernetes-preserve-unknown-fields': true } },
  {
    name: 'object drops additionalProperties: false and keeps rules',
    schema: Type.Object(
      { a: Type.String(), b: Type.Optional(Type.Boolean()) },
      { additionalProperties: false, 'x-kubernetes-validations': [rule] },
    ),
    expected: {
      type: 'object',
      required: ['a'],
      properties: { a: { type: 'string' }, b: { type: 'boolean' } },
      'x-kubernetes-validations': [rule],
    },
  },
  {
    name: 'object without properties has no empty map of them, which the API server would not keep',
    schema: Type.Object({}, { description: 'set or not' }),
    expected: { type: 'object', description: 'set or not' },
  },
  {
    name: 'list keyed by name',
    schema: Type.Array(Type.Object({ name: Type.String() }), {
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    }),
    expected: {
      type: 'array',
      items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    },
  },
];

test.each(rows)('$name', ({ schema, expected }) => {
  const structural = toStructuralSchema(schema, 'App.spec');

  expect(structural).toEqual(expected);
});

test.each([
  { name: 'reference', schema: Type.Ref('Other'), says: 'keyword $ref' },
  { name: 'intersection', schema: Type.Intersect([Type.Object({}), Type.Object({})]), says: 'keyword allOf' },
  { name: 'union of objects', schema: Type.Union([Type.Object({}), Type.String()]), says: 'a union has' },
  { name: 'tuple', schema: Type.Tuple([Type.String()]), says: 'has no structural form' },
  { name: 'open limit', schema: Type.Integer({ exclusiveMinimum: 0 }), says: 'keyword exclusiveMinimum' },
  { name: 'list of types', schema: Type.Unsafe({ type: ['string', 'integer'] }), says: 'a list of types' },
  {
    name: 'map with a key pattern',
    schema: Type.Record(Type.String({ pattern: '^a' }), Type.String()),
    says: 'maps with',
  },
  { name: 'enum of two types', schema: Type.Enum(['a', 1]), says: 'of one simple type' },
])('refuses $name and names the place', ({ schema, says }) => {
  const inField = Type.Object({ field: Type.Array(schema) });

  const attempt = () => toStructuralSchema(inField, 'App.spec');

  expect(attempt).toThrow(says);
  expect(attempt).toThrow('App.spec.field[]');
  expect(attempt).toThrow(expect.toSatisfy((error: unknown) => isOperationError(error, 'INVARIANT')));
});
