/** The types see to it that German lacks nothing; this, that nothing in it is still English or empty. */
import { expect, test } from 'vitest';
import { stepNames, updatePhases } from '../../../src/core/update/journal.ts';
import { appStates } from '../../../src/server/api/glance.ts';
import { de } from './de.ts';
import { en } from './en.ts';
import { localeOf } from './language.tsx';

type Texts = { readonly [key: string]: string | Texts | ((...values: never[]) => string) };

function leavesOf(texts: Texts, path = ''): [string, string][] {
  return Object.entries(texts).flatMap(([key, value]): [string, string][] => {
    if (typeof value === 'function') {
      return [[`${path}${key}`, (value as (...values: unknown[]) => string)(2, 3, 4)]];
    }
    return typeof value === 'string' ? [[`${path}${key}`, value]] : leavesOf(value, `${path}${key}.`);
  });
}

/** Names, and words that are the same in both. */
const same = new Set([
  'product',
  'update.title',
  'update.tests',
  'common.version',
  'common.name',
  'policy.tags',
  'sources.registries',
  'sources.repositories',
  'step.Test',
  'signIn.tokenHint',
]);

test('German says everything, in German', () => {
  const german = new Map(leavesOf(de));
  const untold = leavesOf(en).filter(
    ([path, text]) => (german.get(path) ?? '') === '' || (german.get(path) === text && !same.has(path)),
  );
  expect(untold).toEqual([]);
});

test.each([
  ['state', appStates, en.state],
  ['phase', updatePhases, en.phase],
  ['step', stepNames, en.step],
] as const)('there is a word for each %s', (_kind, keys, words) => {
  expect(keys.filter((key) => !Object.hasOwn(words, key))).toEqual([]);
});

test.each([
  ['en', ['de-DE', 'en-GB', 'en-US'], 'en-GB'],
  ['de', ['en-US', 'de-CH'], 'de-CH'],
  ['de', ['en-US'], 'de'],
  ['en', ['eng'], 'en'],
] as const)('dates in %s for a browser of %j are written as in %s', (language, locales, locale) => {
  expect(localeOf(language, locales)).toBe(locale);
});
