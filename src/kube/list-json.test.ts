import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseList } from './list-json.ts';

interface Item {
  metadata?: { managedFields?: unknown };
}

/** Any JSON object, with the names that matter in any place. */
const tricky = fc.constantFrom('items', 'metadata', 'managedFields', 'a"b', 'ü', '\\', '{');
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string({ unit: 'grapheme' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(null, true, false, '"managedFields":[', ',"x', '\\"'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(tricky, fc.string()), tie('value'), { maxKeys: 4 }),
  ),
}));
const metadata = fc.record({ name: fc.string(), managedFields: value, labels: value }, { requiredKeys: [] });
const item = fc.oneof(fc.record({ kind: fc.string(), metadata, spec: value }, { requiredKeys: [] }), value);
const list = fc.record(
  {
    kind: fc.string(),
    metadata: value,
    items: fc.oneof(fc.array(item, { maxLength: 5 }), fc.constant(null)),
    more: value,
  },
  { requiredKeys: [] },
);

function withoutManagedFields(items: readonly unknown[]): unknown[] {
  return (JSON.parse(JSON.stringify(items)) as unknown[]).map((each) => {
    const fields = (each as Item | null)?.metadata;
    if (isObject(each) && isObject(fields) && 'managedFields' in fields) {
      fields.managedFields = [];
    }
    return each;
  });
}

function isObject(each: unknown): each is object {
  return typeof each === 'object' && each !== null && !Array.isArray(each);
}

test('reads any list as JSON.parse does, whatever its spacing, except for the managedFields', () => {
  fc.assert(
    fc.property(list, fc.constantFrom(undefined, 2, '\t\r\n'), (content, spacing) => {
      const bytes = Buffer.from(JSON.stringify(content, null, spacing));

      const parsed = parseList(bytes);

      expect(parsed.items).toEqual(withoutManagedFields(content.items ?? []));
      const rest = JSON.parse(JSON.stringify(content)) as { items?: unknown };
      expect(parsed.list).toEqual(Array.isArray(content.items) ? { ...rest, items: [] } : rest);
    }),
    { numRuns: 500 },
  );
});

describe('what is no list', () => {
  const whole = JSON.stringify({
    metadata: { a: ['b"', 1] },
    items: [{ metadata: { managedFields: [{}], name: 'x' } }],
    z: true,
  });

  test('every part of a list that ends too early is a SyntaxError', () => {
    for (let end = 0; end < whole.length; end += 1) {
      expect(() => parseList(Buffer.from(whole.slice(0, end))), whole.slice(0, end)).toThrow(SyntaxError);
    }
  });

  test.each([
    '',
    '[]',
    '1',
    '{"items":[,]}',
    '{"items":[1 2]}',
    '{"a" 1}',
    '{"a":}',
    '{"items":[{"metadata":{"managedFields":}}]}',
    '{"a":nul}',
  ])('%s is a SyntaxError', (text) => {
    expect(() => parseList(Buffer.from(text))).toThrow(SyntaxError);
  });
});
