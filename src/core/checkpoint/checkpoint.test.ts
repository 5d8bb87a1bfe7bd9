import fc from 'fast-check';
import { expect, test } from 'vitest';
import { later, startOfTest } from '../../../test/fixtures.ts';
import { chooseExpired, readSize } from './checkpoint.ts';

test.each<[string, number | undefined]>([
  ['', undefined],
  ['4096', 4096],
  [' 4096\n', 4096],
  ['size=4096', 4096],
  ['dumped 3 tables, size: 12', 12],
  ['{"size": 77, "tables": 3}', 77],
  ['resize=4', undefined],
  ['size=big', undefined],
  ['size=-1', undefined],
  ['99999999999999999', undefined],
  ['size=12.5', 12],
])('the size in %j is %s', (message, expected) => {
  expect(readSize(message)).toBe(expected);
});

const kept = (update: string, age: number, expiresIn?: number) => ({
  update,
  finishedAt: later(-age),
  expiresAt: expiresIn === undefined ? undefined : later(expiresIn),
});
const expired = (list: Parameters<typeof chooseExpired>[0], keep: number) =>
  chooseExpired(list, keep, startOfTest).map(({ update }) => update);

test('those beyond the number go once they are old enough', () => {
  const list = [kept('d', 1), kept('c', 2), kept('b', 3, 5_000), kept('a', 4, -1)];

  expect(expired(list, 2)).toEqual(['a']);
  expect(expired(list, 4)).toEqual([]);
  expect(expired(list, 1)).toEqual(['c', 'a']);
});

test('whatever is asked for, the newest stays, and as many as are to be kept', () => {
  const lists = fc.array(fc.option(fc.integer({ min: -10, max: 10 }), { nil: undefined }), { maxLength: 12 });

  fc.assert(
    fc.property(lists, fc.integer({ min: -3, max: 20 }), (ages, keep) => {
      const list = ages.map((age, index) => kept(String(index), index, age));
      const gone = expired(list, keep);

      expect(gone).not.toContain('0');
      expect(list.length - gone.length).toBeGreaterThanOrEqual(Math.min(list.length, keep));
    }),
  );
});
