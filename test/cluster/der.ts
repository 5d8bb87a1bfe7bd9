/** The pieces of DER (X.690) that certificates are made of. */

/** UTCTime, `YYMMDDHHMMSSZ`: right until 2049. */
export function encodeTime(time: Date): Buffer {
  const text = `${time.toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`;
  return tagged(0x17, Buffer.from(text, 'ascii'));
}

/** Of a certificate; critical. */
export function extension(id: Buffer, value: Buffer): Buffer {
  return sequence(id, boolean(true), tagged(0x04, value));
}

export function keyUsage(bits: number, unusedBits: number): Buffer {
  return tagged(0x03, Buffer.from([unusedBits, bits]));
}

export function bitString(content: Buffer): Buffer {
  return tagged(0x03, Buffer.concat([Buffer.from([0]), content]));
}

export function boolean(value: boolean): Buffer {
  return tagged(0x01, Buffer.from([value ? 0xff : 0]));
}

export function integer(content: Buffer): Buffer {
  return tagged(0x02, content);
}

export function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

export function tagged(tag: number, content: Buffer): Buffer {
  if (content.length < 0x80) {
    return Buffer.concat([Buffer.from([tag, content.length]), content]);
  }
  const length = Buffer.from(content.length.toString(16).padStart(content.length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, content]);
}

/** From its encoded form without tag and length. */
export function objectId(hex: string): Buffer {
  return tagged(0x06, Buffer.from(hex, 'hex'));
}
