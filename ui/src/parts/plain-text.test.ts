import fc from 'fast-check';
import { expect, test } from 'vitest';
import { plainText } from './plain-text.ts';

test.each([
  ['colours', '\u001b[1;31mERROR\u001b[0m: no', 'ERROR: no'],
  ['a title of a window', '\u001b]0;evil\u0007hello', 'hello'],
  ['a link of a terminal', '\u001b]8;;https://evil.example\u001b\\click\u001b]8;;\u001b\\', 'click'],
  ['a cursor that goes up', 'one\u001b[2A\u001b[Ktwo', 'onetwo'],
  ['a progress bar', '10 %\r50 %\r100 %', '100 %'],
  ['an end of Windows', 'line\r', 'line'],
  ['a bell and a null', 'a\u0007b\u0000c', 'abc'],
  ['what turns the direction', 'user\u202Etxt.exe', 'usertxt.exe'],
  ['HTML', '<script>alert(1)</script>', '<script>alert(1)</script>'],
  ['Hebrew and emoji', 'שלום 🦊', 'שלום 🦊'],
  ['a tab', 'a\tb', 'a\tb'],
])('%s', (_, line, text) => {
  expect(plainText(line)).toBe(text);
});

test('no code is left of any text', () => {
  const parts = ['\u001b', '\u009b', '[', ']', '\\', '0', ';', 'P', 'm', '\u0007', '\r', '\u202e', ' '];
  const hostile = fc.string({ unit: fc.constantFrom(...parts), maxLength: 300 });
  fc.assert(
    fc.property(fc.oneof(hostile, fc.string({ unit: 'binary', maxLength: 300 })), (line) => {
      expect(plainText(line)).not.toMatch(/(?!\t)\p{Cc}|[\u202a-\u202e]/u);
    }),
  );
});
