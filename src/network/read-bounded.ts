/** The body of an answer, up to a bound. The rest is never read: its connection is given up. */
export async function readBounded(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<{ readonly bytes: Buffer; readonly isCut: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    chunks.push(bytes);
    if (size > maxBytes) {
      // Leaving the loop destroys the stream, and with it the connection.
      return { bytes: Buffer.concat(chunks).subarray(0, maxBytes), isCut: true };
    }
  }
  return { bytes: Buffer.concat(chunks), isCut: false };
}
