import { describe, expect, test } from 'vitest';
import { calendarReader, compareCalendarVersions, parseCalendarVersion } from './calver.ts';

describe('parseCalendarVersion', () => {
  test.each<[string, number[], string]>([
    ['2024.05.1', [2024, 5, 1], ''],
    ['v2024.5', [2024, 5], ''],
    ['24.04', [2024, 4], ''],
    ['16.04.1', [2016, 4, 1], ''],
    ['2024-01-31', [2024, 1, 31], ''],
    ['2024_01_31', [2024, 1, 31], ''],
    ['20240131', [2024, 1, 31], ''],
    ['20240131.2', [2024, 1, 31, 2], ''],
    ['202401311859', [2024, 1, 31, 18, 59], ''],
    ['20240131185960', [2024, 1, 31, 18, 59, 60], ''],
    ['2024.1-alpine3.20', [2024, 1], 'alpine3.20'],
    ['2024', [2024], ''],
  ])('%s -> %o %o', (text, numbers, variant) => {
    expect(parseCalendarVersion(text)).toMatchObject({ numbers, variant });
  });

  test.each([
    '',
    'latest',
    '15',
    '123',
    '1.2.3',
    '20241301',
    '20240100',
    '240131',
    '2024.',
    '2024.x',
    '3f2a9c1',
    '0024.1',
  ])('%o is no date', (text) => {
    expect(parseCalendarVersion(text)).toBeUndefined();
  });
});

describe('calendarReader', () => {
  test.each<[string, string, number[] | undefined]>([
    ['YYYY.0M.0D', '2024.01.31', [2024, 1, 31]],
    ['YYYY.0M.0D', '2024.1.31', undefined],
    ['YYYY.MM.DD', '2024.1.31', [2024, 1, 31]],
    ['YYYY.MM.DD', '2024.13.31', undefined],
    ['YYYY.MM.DD', '2024.1.31.4', undefined],
    ['YY.0M[.MICRO]', '24.04', [24, 4, 0]],
    ['YY.0M[.MICRO]', '24.04.12', [24, 4, 12]],
    ['YY.0M[.MICRO]', 'v24.04', [24, 4, 0]],
    ['RELEASE.YYYY-0M-0DThh-mm-ssZ', 'RELEASE.2024-01-16T16-07-38Z', [2024, 1, 16, 16, 7, 38]],
    ['RELEASE.YYYY-0M-0DThh-mm-ssZ', 'RELEASE.2024-01-16T25-07-38Z', undefined],
    ['YYYY.0W', '2024.53', [2024, 53]],
    ['YYYY.0M', '2024x01', undefined],
  ])('%s reads %s as %o', (format, text, numbers) => {
    expect(calendarReader(format)?.(text)?.numbers).toEqual(numbers);
  });

  test.each(['', 'MAJOR.MINOR', 'YYYY.[MM', 'YYYY]MM[', 'YYYY[.MM[.DD]]', 'YYYY[]'])('%o is no format', (format) => {
    expect(calendarReader(format)).toBeUndefined();
  });
});

test('orders by date, then release, then build', () => {
  const oldestFirst = [
    '2023.12.31',
    '2024.1.1-rc1',
    '2024.1.1-rc2',
    '2024.1.1',
    '2024.1.1-r9',
    '2024.1.1-r10',
    '24.1.2',
  ];

  const sorted = oldestFirst.toReversed().sort((left, right) => {
    const [one, other] = [parseCalendarVersion(left), parseCalendarVersion(right)];
    return one && other ? compareCalendarVersions(one, other) : 0;
  });

  expect(sorted).toEqual(oldestFirst);
});
