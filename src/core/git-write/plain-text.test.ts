import { load } from 'js-yaml';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { formatPlain } from './plain-text.ts';

const plain = [
  'v1',
  '1.2.3',
  '1.20-alpine',
  'latest',
  'a/b:1',
  'r:5000/a:on',
  '_1',
  '1a',
  '0.1.0',
  '0x',
  'nan',
  '20-04',
  '1e',
];
const numbers = [
  '1',
  '0',
  '08',
  '0777',
  '0o17',
  '0b101',
  '0x1F',
  '1_000',
  '1_',
  '1.5',
  '1.',
  '1e3',
  '12e03',
  '123e4',
  '1.5E-3',
];
const others = [
  '20240101120000',
  '99999999999999999999',
  '2024-01-01',
  '2024-1-1',
  '1:20',
  '1:20:30',
  'y',
  'No',
  'on',
  'TRUE',
  'null',
  '',
];

test.each(plain)('%s needs no quotes', (text) => {
  expect(formatPlain(text)).toBe(text);
});

test.each([...numbers, ...others])('%s is quoted, as YAML 1.1 would read something else', (text) => {
  expect(formatPlain(text)).toBe(`"${text}"`);
});

test.each(['[::1]:5000/a:1', '-a', '.5'])('%s is quoted', (text) => {
  expect(formatPlain(text)).toMatch(/^(['"]).*\1$/);
});

test.each([...plain, ...numbers, ...others])('every parser reads the text %s', (text) => {
  const yaml = `k: ${formatPlain(text)}`;

  expect([load(yaml), parse(yaml), parse(yaml, { version: '1.1' })]).toEqual(Array(3).fill({ k: text }));
});
