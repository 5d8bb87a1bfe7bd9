import { expect, test } from 'vitest';
import { seedSecret, tracesIn } from './seeded.ts';

const value = seedSecret('word');

test.for<readonly [string, string]>([
  ['plain', `password is ${value}!`],
  ['JSON in JSON', JSON.stringify({ said: value })],
  ['a query', `https://host/?${new URLSearchParams({ password: value })}`],
  ['a path', `https://host/${encodeURIComponent(value)}/x`],
  ['hexadecimal digits', Buffer.from(value).toString('hex')],
  ['base64', Buffer.from(value).toString('base64')],
  ['base64 of what begins with it', Buffer.from(`${value} and more`).toString('base64')],
  ['base64 behind one letter', Buffer.from(`u${value}`).toString('base64')],
  ['base64 behind a user', Buffer.from(`us:${value}`).toString('base64')],
  ['base64url behind two letters', Buffer.from(`ab${value}cd`).toString('base64url')],
])('found as %s', ([, text]) => {
  expect(tracesIn({ word: value }, 'here', text)).toHaveLength(1);
});

test('another secret is not taken for it', () => {
  const other = seedSecret('word');
  expect(tracesIn({ word: value }, 'here', `${other} ${Buffer.from(other).toString('base64')}`)).toEqual([]);
});
