/**
 * Takes out of a program what only debuggers read.
 *
 * A running program is described by its segments alone; sections (symbols, debug data) lie behind the last segment. Doing
 * without `strip` keeps binutils off the list of things that a machine needs, and the result independent of its version.
 */

const loadSegment = 1;

/** The same program without its sections; only little-endian 64-bit ELF is known (System V gABI, chapter 4). */
export function stripElf(program: Buffer): Buffer {
  if (!program.subarray(0, 6).equals(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]))) {
    throw new Error('strip ELF: not a little-endian 64-bit ELF file');
  }
  const tableOffset = Number(program.readBigUInt64LE(32));
  const entryBytes = program.readUInt16LE(54);
  const ends = Array.from({ length: program.readUInt16LE(56) }, (_, index) => {
    const entry = program.subarray(tableOffset + index * entryBytes);
    const isLoaded = entry.readUInt32LE(0) === loadSegment;
    return isLoaded ? Number(entry.readBigUInt64LE(8) + entry.readBigUInt64LE(32)) : 0;
  });
  const stripped = Buffer.from(program.subarray(0, Math.max(...ends)));
  stripped.writeBigUInt64LE(0n, 40);
  stripped.writeUInt16LE(0, 60);
  stripped.writeUInt16LE(0, 62);
  return stripped;
}
