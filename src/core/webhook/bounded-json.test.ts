import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseBoundedJson } from './bounded-json.ts';

const nested = (levels: number) => `${'[{"a":'.repeat(levels / 2)}1${'}]'.repeat(levels / 2)}`;

test('64 levels are read and 66 are refused', () => {
  expect(JSON.stringify(parseBoundedJson(nested(64)))).toBe(nested(64));
  expect(() => parseBoundedJson(nested(66))).toThrow('nested deeper than 64 levels');
});

test('a mebibyte of brackets is refused at once', () => {
  const beginsAt = performance.now();

  expect(() => parseBoundedJson('['.repeat(1_048_576))).toThrow('nested deeper');

  expect(performance.now() - beginsAt).toBeLessThan(1_000);
});

test.each([['{'], ['{"a":1}}'], ['<xml/>'], [''], ['"\\'], ["{'a':1}"], ['{"a":NaN}']])('%s is not JSON', (text) => {
  expect(() => parseBoundedJson(text)).toThrow('the body is not JSON');
});

test('brackets in texts do not count', () => {
  const text = JSON.stringify({ a: '[{"\\'.repeat(100), '{{': '\\"{' });

  expect(JSON.stringify(parseBoundedJson(text))).toBe(text);
});

test('what is no deeper is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 10 }), (text) => {
      expect(parseBoundedJson(text)).toEqual(JSON.parse(text));
    }),
  );
});
