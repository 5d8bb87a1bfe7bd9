import { expect, test } from 'vitest';
import { type GoFlags, rewriteGoFlags } from './go-flags.ts';

const flags: GoFlags = {
  A: { option: 'all', kind: 'switch' },
  n: { option: 'namespace', kind: 'value' },
  'check-pods': { option: 'check-pods', kind: 'switch' },
  'field-selector': { option: 'field-selector', kind: 'value' },
};

test.each([
  ['', ''],
  ['-A', '--all'],
  ['--A -check-pods', '--all --check-pods'],
  ['--check-pods', '--check-pods'],
  ['-check-pods=true -A=false', '--check-pods'],
  ['-n demo -n=other --n third', '--namespace=demo --namespace=other --namespace=third'],
  ['-field-selector metadata.name=web', '--field-selector=metadata.name=web'],
  ['-field-selector=metadata.name=web', '--field-selector=metadata.name=web'],
  ['-n -x', '--namespace=-x'],
  ['--other -o json', '--other -o json'],
  ['-A word -n demo', '--all word -n demo'],
  ['-A -- -n', '--all -- -n'],
  ['-', '-'],
])('%s is %s', (words, expected) => {
  expect(rewriteGoFlags(words.split(' ').filter(Boolean), flags).join(' ')).toBe(expected);
});

test.each([
  ['-n', '-n: needs a value'],
  ['-check-pods=maybe', '-check-pods: "maybe" is neither true nor false'],
])('%s is refused: %s', (words, problem) => {
  expect(() => rewriteGoFlags(words.split(' '), flags)).toThrow(problem);
});
