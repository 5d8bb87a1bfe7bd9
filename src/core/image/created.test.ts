import { describe, expect, test } from 'vitest';
import { createdInAnnotations, createdInConfig, readTime } from './created.ts';

describe('a time', () => {
  test.each([
    ['2026-03-01T10:00:00Z', '2026-03-01T10:00:00.000Z'],
    ['2026-03-01T10:00:00.123456789Z', '2026-03-01T10:00:00.123Z'],
    ['2026-03-01T10:00:00+02:00', '2026-03-01T08:00:00.000Z'],
    ['2026-13-01T10:00:00Z', undefined],
    ['2026-03-01', undefined],
    ['yesterday', undefined],
    [1_700_000_000, undefined],
    [null, undefined],
    [undefined, undefined],
  ])('%j is %s', (text, expected) => {
    expect(readTime(text)?.toISOString()).toBe(expected);
  });
});

test.each([
  ['{"created":"2026-03-01T10:00:00Z","os":"linux"}', '2026-03-01T10:00:00.000Z'],
  ['{"os":"linux"}', undefined],
  ['null', undefined],
  ['[]', undefined],
  ['{', undefined],
])('the configuration %s tells %s', (config, expected) => {
  expect(createdInConfig(Buffer.from(config))?.toISOString()).toBe(expected);
});

test('annotations tell it by the key of OCI, and by no other', () => {
  const key = 'org.opencontainers.image.created';
  expect(createdInAnnotations({ [key]: '2026-03-01T10:00:00Z' })?.toISOString()).toBe('2026-03-01T10:00:00.000Z');
  expect(createdInAnnotations({ created: '2026-03-01T10:00:00Z' })).toBeUndefined();
});
