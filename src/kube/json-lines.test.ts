import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readJsonLines } from './json-lines.ts';

async function* chunksOf(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let start = 0;
  for (let index = 0; start < bytes.length; index += 1) {
    const size = sizes[index % sizes.length] ?? 1;
    yield bytes.subarray(start, start + size);
    start += size;
  }
}

async function collect(chunks: AsyncIterable<Buffer>, maxLineBytes = 1_000_000): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of readJsonLines(chunks, maxLineBytes)) {
    values.push(value);
  }
  return values;
}

test('any values come out as they went in, wherever the stream is cut', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.record({ text: fc.string({ unit: 'grapheme' }) })), sizes, async (values, cuts) => {
      const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''));

      expect(await collect(chunksOf(bytes, cuts))).toEqual(values);
    }),
  );
});

test('an event cut by the end of the stream is dropped', async () => {
  expect(await collect(chunksOf(Buffer.from('{"a":1}\n{"b":'), [3]))).toEqual([{ a: 1 }]);
});

test('a line without end is not kept in memory', async () => {
  await expect(collect(chunksOf(Buffer.alloc(5_000, 'x'), [100]), 1_000)).rejects.toThrow(RangeError);
});

test('a line that is no JSON is an error', async () => {
  await expect(collect(chunksOf(Buffer.from('{"a":1}\nno\n'), [100]))).rejects.toThrow(SyntaxError);
});
