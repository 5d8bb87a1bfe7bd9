/** docs/concepts/threat-model.md names a test for each threat, and each of them is there. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = readFileSync(new URL('../docs/concepts/threat-model.md', import.meta.url), 'utf8');
const headings = [
  'Spoofing',
  'Tampering',
  'Repudiation',
  'Information disclosure',
  'Denial of service',
  'Elevation of privilege',
];
const sections = page.split(/^## /m).slice(1);
const rows = sections
  .filter((section) => headings.some((heading) => section.startsWith(heading)))
  .flatMap((section) => section.split('\n').filter((line) => line.startsWith('| ')))
  .filter((line) => !/^\| threat \|/.test(line) && !line.startsWith('|---'));

test('has all six kinds of threats', () => {
  expect(headings.filter((heading) => !sections.some((section) => section.startsWith(heading)))).toEqual([]);
  expect(rows.length).toBeGreaterThan(30);
});

test.each(rows.map((row) => [row.split('|')[1]?.trim() ?? '', row]))('%s', (_, row) => {
  const tests = [...(row.split('|').at(-2) ?? '').matchAll(/`([^`]+\.test\.tsx?)`/g)].map((match) => match[1] ?? '');

  expect(tests.length).toBeGreaterThan(0);
  expect(tests.filter((path) => !existsSync(new URL(`../${path}`, import.meta.url)))).toEqual([]);
});
