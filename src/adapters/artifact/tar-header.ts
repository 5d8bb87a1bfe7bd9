/** Headers of tar archives: POSIX ustar with the names of pax and GNU. */

export const tarBlockBytes = 512;

export interface TarHeader {
  readonly name: string;
  readonly sizeBytes: number;
  /** One character, e.g. `0` for a file, `5` for a folder. */
  readonly type: string;
}

const checksumStart = 148;
const checksumEnd = 156;
const blank = 0x20;

/** Undefined when the checksum is not right: then it is no header. */
export function parseHeader(block: Buffer): TarHeader | undefined {
  const sizeBytes = parseNumber(block.subarray(124, 136));
  const checksum = parseNumber(block.subarray(checksumStart, checksumEnd));
  if (sizeBytes === undefined || checksum !== sumOf(block)) {
    return undefined;
  }
  const isUstar = block.toString('latin1', 257, 262) === 'ustar';
  const prefix = isUstar ? parseText(block.subarray(345, 500)) : '';
  const name = parseText(block.subarray(0, 100));
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    sizeBytes,
    type: block.toString('latin1', 156, 157),
  };
}

/** Two of them end an archive. */
export function isZeroBlock(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

/** Records `<length> <key>=<value>` and a line end; reading stops where they are not. */
export function parsePax(content: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  let at = 0;
  while (at < content.length) {
    const gap = content.indexOf(blank, at);
    const length = gap < 0 ? Number.NaN : Number(content.toString('latin1', at, gap));
    const record = content.toString('utf8', gap + 1, at + length - 1);
    const equals = record.indexOf('=');
    if (!Number.isSafeInteger(length) || length <= gap - at || equals < 0) {
      break;
    }
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
}

function parseText(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? field.length : end);
}

/** Octal digits, as all but very large sizes are written. */
function parseNumber(field: Buffer): number | undefined {
  const text = parseText(field).trim();
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

function sumOf(block: Buffer): number {
  return block.reduce((sum, byte, at) => sum + (at >= checksumStart && at < checksumEnd ? blank : byte), 0);
}
