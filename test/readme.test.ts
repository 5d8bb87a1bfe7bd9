/** The quick start of the README is a way through the Start page, which a test on a real node follows to the letter. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const commandsOf = (text: string) =>
  [...text.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = '']) => block.trimEnd().split('\n'));

const readme = read('README.md');
const [quickStart = ''] = readme.split(/^## /m).filter((part) => part.startsWith('Quick start\n'));

test('each line of the quick start stands on the Start page, in the same order', () => {
  const start = commandsOf(read('docs/start/index.md'));
  let from = 0;
  const missing = commandsOf(quickStart).filter((line) => {
    const at = start.indexOf(line, from);
    from = at < 0 ? from : at + 1;
    return at < 0;
  });
  expect(missing).toEqual([]);
});

test('the quick start has twenty lines, installs by Helm and ends with an update', () => {
  const lines = commandsOf(quickStart);
  expect(lines).toHaveLength(20);
  expect(lines.findIndex((line) => line.startsWith('helm install'))).toBeLessThan(3);
  expect(lines.at(-2)).toContain('web:1.1.0');
});

test('before it stand three sentences, one picture and the two commands', () => {
  const [before = ''] = readme.split('## Quick start');
  const [, prose = ''] = before.split('\n\n');
  expect(prose.match(/\.(?=\s|$)/g)).toHaveLength(3);
  expect(before.match(/!\[/g)).toHaveLength(1);
  expect(before).toMatch(/^make demo .*\n^make test /m);
});
