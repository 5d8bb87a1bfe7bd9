import { expect, test } from 'vitest';
import { parseCron } from './cron.ts';

// What robfig/cron refuses (parser_test.go), and what would be too much.
test.each([
  ['', 'has 1 fields in place of 5 or 6'],
  ['* * * *', 'has 4 fields in place of 5 or 6'],
  ['* * * * * * *', 'has 7 fields in place of 5 or 6'],
  ['xyz', 'has 1 fields'],
  ['60 0 * * * *', 'has "60" as second, which goes from 0 to 59'],
  ['0 60 * * *', 'has "60" as hour, which goes from 0 to 23'],
  ['0 60 * * * *', 'has "60" as minute, which goes from 0 to 59'],
  ['0 0 * * XYZ *', 'has "XYZ" as month, which goes from 1 to 12'],
  ['0 0 * * * 7', 'has "7" as day of week, which goes from 0 to 6'],
  ['0 0 0 0 * *', 'has "0" as day of month'],
  ['0 0 5-3 * * *', 'has "5-3" as hour, whose end is before its beginning'],
  ['0 0 1--3 * * *', 'has "1--3" as hour, which is neither a value nor a range'],
  ['0 0 1-3/2/2 * * *', 'has "1-3/2/2" as hour'],
  ['0 0 */0 * * *', 'has "*/0" as hour'],
  ['0 0 -5 * * *', 'has "-5" as hour'],
  ['0 0 1,,2 * * *', 'has "" as hour'],
  ['0 0 **/5 * * *', 'has "**/5" as hour'],
  ['@unrecognized', 'is none of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly and @every'],
  ['@constructor', 'is none of'],
  ['@every', 'is none of'],
  ['@every soon', 'names no duration after @every'],
  ['@every -1m', 'names no duration after @every'],
  ['@every 10000h', 'is longer than a year'],
  [`${'1,'.repeat(200)}1 * * * * *`, 'has more than 256 characters'],
])('%j is refused: %s', (text, problem) => {
  const read = () => parseCron(text, 'keel.sh/pollSchedule');

  expect(read).toThrow(/^keel.sh\/pollSchedule: "[^"]{0,256}" .*; write for example/s);
  expect(read).toThrow(problem);
});
