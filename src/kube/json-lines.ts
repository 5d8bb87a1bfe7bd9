/** Newline-separated JSON from a byte stream, as watches send it. */

/**
 * Yields one decoded value a line. Bytes are joined before they become text, so a character split between two chunks
 * stays whole. Throws RangeError for a line longer than `maxLineBytes` and SyntaxError for one that is no JSON. A last
 * line without its newline is an event cut in the middle, and is dropped.
 */
export async function* readJsonLines(chunks: AsyncIterable<Buffer>, maxLineBytes: number): AsyncGenerator<unknown> {
  const newline = 10;
  let rest: Buffer[] = [];
  let restBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      const line = Buffer.concat([...rest, chunk.subarray(start, end)]).toString('utf8');
      rest = [];
      restBytes = 0;
      start = end + 1;
      if (line.trim() !== '') {
        yield JSON.parse(line) as unknown;
      }
    }
    restBytes += chunk.length - start;
    if (restBytes > maxLineBytes) {
      throw new RangeError(`line longer than ${maxLineBytes} bytes`);
    }
    rest.push(chunk.subarray(start));
  }
}
