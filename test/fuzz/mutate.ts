/** Bytes near to what a parser expects: a seed with some edits, so that most of them come past the first look. */
import fc from 'fast-check';

/** Pieces that parsers of any kind stumble over. */
const pieces: readonly string[] = [
  '\0',
  '\n',
  '\r\n',
  '\t',
  '\ufeff',
  '\u2028',
  '\ud800',
  '🐌',
  '"',
  "'",
  '\\',
  '/',
  '..',
  '../../',
  ':',
  '@',
  '#',
  '%00',
  '%2e%2e',
  '-',
  '--',
  '+',
  '*',
  '?',
  '[',
  ']',
  '{',
  '}',
  '(((((((((',
  '[[[[[[[[[[[[[[[[',
  '{"a":',
  'null',
  'true',
  '-0',
  '1e309',
  '99999999999999999999',
  '-9223372036854775808',
  '0x10',
  'NaN',
  '__proto__',
  'constructor',
  '&a [*a,*a]',
  '!!js/function',
  '!<tag:yaml.org,2002:binary>',
  '<<: *x',
  'sha256:',
  'sha512:',
  ' '.repeat(2_000),
  'a'.repeat(5_000),
  '1.'.repeat(300),
  '2026-02-30T25:61:61Z',
  '9999-12-31T23:59:60Z',
  '0 0 31 2 *',
  '*/0',
  '59/1',
  'P1Y',
  '-1h',
  '1ns',
  'Europe/Nowhere',
];

type Edit =
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'delete'; readonly at: number; readonly length: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly length: number; readonly times: number }
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'cut'; readonly at: number };

const at = fc.nat({ max: 1_000_000 });
const edit: fc.Arbitrary<Edit> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('insert' as const),
      at,
      bytes: fc.oneof(
        fc.constantFrom(...pieces).map((text) => Buffer.from(text)),
        fc.uint8Array({ maxLength: 8 }),
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('delete' as const), at, length: fc.integer({ min: 1, max: 64 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('repeat' as const),
      at,
      length: fc.integer({ min: 1, max: 64 }),
      times: fc.constantFrom(1, 2, 100, 2_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('flip' as const), at, bit: fc.nat({ max: 7 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), at }) },
);

/** One of the seeds after up to eight edits. */
export function mutated(seeds: readonly Buffer[]): fc.Arbitrary<Buffer> {
  return fc
    .tuple(fc.nat({ max: Math.max(0, seeds.length - 1) }), fc.array(edit, { maxLength: 8 }))
    .map(([which, edits]) => edits.reduce(applyEdit, seeds[which] ?? Buffer.alloc(0)));
}

const mostBytes = 300_000;

function applyEdit(bytes: Buffer, one: Edit): Buffer {
  const place = bytes.length === 0 ? 0 : one.at % (bytes.length + 1);
  const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
  switch (one.kind) {
    case 'insert':
      return Buffer.concat([before, one.bytes, after]);
    case 'delete':
      return Buffer.concat([before, after.subarray(one.length)]);
    case 'repeat': {
      const piece = after.subarray(0, one.length);
      const times = Math.min(one.times, Math.floor(mostBytes / Math.max(1, piece.length)));
      return Buffer.concat([before, ...Array.from({ length: times }, () => piece), after]);
    }
    case 'flip': {
      const copy = Buffer.from(bytes);
      if (place < copy.length) {
        copy[place] = (copy[place] ?? 0) ^ (1 << one.bit);
      }
      return copy;
    }
    case 'cut':
      return before;
  }
}
