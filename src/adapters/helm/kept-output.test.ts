import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeptOutput } from './kept-output.ts';

const kibibyte = 1024;

function keep(maxBytes: number, chunks: readonly string[]) {
  const kept = new KeptOutput(maxBytes);
  const isWhole = chunks.map((chunk) => kept.take(Buffer.from(chunk))).at(-1);
  return { isWhole, text: kept.text() };
}

test('what fits is kept as it came', () => {
  expect(keep(100 * kibibyte, ['one ', 'two'])).toEqual({ isWhole: true, text: 'one two' });
});

test('of more than that the beginning and the end are kept, and what lay between is counted', () => {
  const { isWhole, text } = keep(70 * kibibyte, ['begin', 'x'.repeat(200 * kibibyte), 'end']);

  expect(isWhole).toBe(false);
  expect(text).toMatch(/^beginx+\n\[133128 bytes were cut here\]\nx+end$/);
});

test('however it comes in pieces, the same is kept and never more than was asked for', () => {
  const pieces = fc.array(fc.integer({ min: 0, max: 90 * kibibyte }), { maxLength: 8 });
  fc.assert(
    fc.property(pieces, fc.integer({ min: 64 * kibibyte, max: 200 * kibibyte }), (lengths, maxBytes) => {
      const chunks = lengths.map((length, index) => String(index).repeat(length));
      const whole = chunks.join('');
      const { text } = keep(maxBytes, chunks);
      const cut = Number(/\n\[(\d+) bytes were cut here\]\n/.exec(text)?.[1] ?? 0);
      expect(cut).toBe(Math.max(0, whole.length - maxBytes));
      expect(text.replace(/\n\[\d+ bytes were cut here\]\n/, '')).toBe(
        whole.length <= maxBytes
          ? whole
          : whole.slice(0, 64 * kibibyte) + whole.slice(whole.length - (maxBytes - 64 * kibibyte)),
      );
    }),
    { numRuns: 50 },
  );
});
