/** What a program says of what it needs (System V gABI, chapters 4 and 5); only little-endian 64-bit ELF is known. */
import type { Architecture } from './system.ts';

export interface ElfFile {
  /** Undefined for a processor that no image is made for. */
  readonly architecture: Architecture | undefined;
  /** Absolute path of the dynamic linker; a static program and most libraries have none. */
  readonly interpreter: string | undefined;
  /** Names of libraries, without folders. */
  readonly needed: readonly string[];
}

const magic = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
const machines: ReadonlyMap<number, Architecture> = new Map([
  [62, 'amd64'],
  [183, 'arm64'],
]);
const segmentTypes = { load: 1, dynamic: 2, interpreter: 3 } as const;
const tags = { end: 0n, needed: 1n, stringTable: 5n } as const;
const dynamicEntryBytes = 16;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: bigint;
  readonly bytes: number;
}

export function isElf(content: Buffer): boolean {
  return content.subarray(0, magic.length).equals(magic);
}

/** @throws Error when it is not ELF of that form, or its dynamic section names strings outside of the file */
export function readElf(content: Buffer): ElfFile {
  if (!isElf(content)) {
    throw new Error('read ELF: not a little-endian 64-bit ELF file');
  }
  const segments = readSegments(content);
  const interpreter = segments.find(({ type }) => type === segmentTypes.interpreter);
  return {
    architecture: machines.get(content.readUInt16LE(18)),
    interpreter: interpreter && readString(content, interpreter.offset),
    needed: readNeeded(content, segments),
  };
}

function readSegments(content: Buffer): readonly Segment[] {
  const tableOffset = Number(content.readBigUInt64LE(32));
  const entryBytes = content.readUInt16LE(54);
  return Array.from({ length: content.readUInt16LE(56) }, (_, index) => {
    const entry = content.subarray(tableOffset + index * entryBytes);
    return {
      type: entry.readUInt32LE(0),
      offset: Number(entry.readBigUInt64LE(8)),
      address: entry.readBigUInt64LE(16),
      bytes: Number(entry.readBigUInt64LE(32)),
    };
  });
}

function readNeeded(content: Buffer, segments: readonly Segment[]): readonly string[] {
  const dynamic = segments.find(({ type }) => type === segmentTypes.dynamic);
  if (dynamic === undefined) {
    return [];
  }
  const entries: (readonly [tag: bigint, value: bigint])[] = [];
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.bytes; at += dynamicEntryBytes) {
    const tag = content.readBigInt64LE(at);
    if (tag === tags.end) {
      break;
    }
    entries.push([tag, content.readBigUInt64LE(at + 8)]);
  }
  const needed = entries.filter(([tag]) => tag === tags.needed);
  const strings = entries.find(([tag]) => tag === tags.stringTable)?.[1];
  if (strings === undefined) {
    return [];
  }
  const table = offsetOf(strings, segments);
  return needed.map(([, value]) => readString(content, table + Number(value)));
}

/** The table's place is given as it will be in memory. */
function offsetOf(address: bigint, segments: readonly Segment[]): number {
  const segment = segments.find(
    ({ type, address: start, bytes }) =>
      type === segmentTypes.load && address >= start && address < start + BigInt(bytes),
  );
  if (segment === undefined) {
    throw new Error('read ELF: the table of strings is in no segment');
  }
  return segment.offset + Number(address - segment.address);
}

function readString(content: Buffer, offset: number): string {
  const end = content.indexOf(0, offset);
  if (end < 0) {
    throw new Error('read ELF: a string without an end');
  }
  return content.toString('latin1', offset, end);
}
