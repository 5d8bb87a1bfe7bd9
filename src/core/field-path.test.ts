import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FieldPath, formatFieldPath, parseFieldPath } from './field-path.ts';

const key = (name: string) => ({ kind: 'Key', key: name });

describe('paths', () => {
  test.each([
    { text: 'image', path: [key('image')] },
    { text: 'spec.chart.spec.version', path: [key('spec'), key('chart'), key('spec'), key('version')] },
    { text: 'images[0].newTag', path: [key('images'), { kind: 'Index', index: 0 }, key('newTag')] },
    { text: '[2]', path: [{ kind: 'Index', index: 2 }] },
    { text: 'a[1][2]', path: [key('a'), { kind: 'Index', index: 1 }, { kind: 'Index', index: 2 }] },
    { text: 'a\\.b/c', path: [key('a.b/c')] },
    {
      text: 'containers[name=web].image',
      path: [key('containers'), { kind: 'Item', key: 'name', value: 'web' }, key('image')],
    },
    { text: 'e[k=a.b=c]', path: [key('e'), { kind: 'Item', key: 'k', value: 'a.b=c' }] },
  ])('$text', ({ text, path }) => {
    expect(parseFieldPath(text)).toEqual({ kind: 'Path', path });
  });

  test.each([
    '',
    '.',
    '.a',
    'a.',
    'a..b',
    'a[',
    'a[]',
    'a[-1]',
    'a[01]',
    'a[0]b',
    'a]',
    'a\\',
    'x'.repeat(1_025),
    'a[0]'.repeat(33),
  ])('%j is none', (text) => {
    expect(parseFieldPath(text)).toEqual({ kind: 'Invalid', reason: expect.any(String) });
  });

  test('what is written is read again', () => {
    const steps = fc.oneof(
      fc.record({ kind: fc.constant('Key' as const), key: fc.string({ minLength: 1, maxLength: 8 }) }),
      fc.record({ kind: fc.constant('Index' as const), index: fc.nat(999_999) }),
      fc.record({
        kind: fc.constant('Item' as const),
        key: fc.string({ minLength: 1, maxLength: 8 }),
        value: fc.string({ maxLength: 8 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(steps, { minLength: 1, maxLength: 10 }), (path: FieldPath) => {
        fc.pre(!/[\n\r\u2028\u2029]/.test(JSON.stringify(path)));

        expect(parseFieldPath(formatFieldPath(path))).toEqual({ kind: 'Path', path });
      }),
    );
  });
});
