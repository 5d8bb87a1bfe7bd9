/** What a program writes, in bounded memory: its beginning and its end, where it writes more than is kept. */

const headBytes = 64 * 1024;

export class KeptOutput {
  readonly #maxBytes: number;
  #head = Buffer.alloc(0);
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #bytes = 0;

  /** @param maxBytes of which the beginning gets at most 64 KiB */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @returns whether all that came is kept */
  take(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    const room = Math.max(0, Math.min(headBytes, this.#maxBytes) - this.#head.length);
    if (room > 0) {
      this.#head = Buffer.concat([this.#head, chunk.subarray(0, room)]);
    }
    const rest = chunk.subarray(room);
    if (rest.length > 0) {
      this.#tail.push(rest);
      this.#tailBytes += rest.length;
    }
    this.#dropOldest();
    return this.#bytes <= this.#maxBytes;
  }

  /** Says in its middle how much was cut. */
  text(): string {
    const tail = Buffer.concat(this.#tail);
    const cut = this.#bytes - this.#head.length - tail.length;
    const parts = [this.#head, ...(cut > 0 ? [Buffer.from(`\n[${cut} bytes were cut here]\n`)] : []), tail];
    return Buffer.concat(parts).toString('utf8');
  }

  #dropOldest(): void {
    const most = Math.max(0, this.#maxBytes - headBytes);
    while (this.#tailBytes > most) {
      const oldest = this.#tail.shift();
      if (oldest === undefined) {
        return;
      }
      const left = oldest.subarray(Math.min(oldest.length, this.#tailBytes - most));
      this.#tailBytes -= oldest.length - left.length;
      if (left.length > 0) {
        this.#tail.unshift(left);
      }
    }
  }
}
