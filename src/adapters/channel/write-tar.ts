/**
 * Writes tar archives whose bytes depend on nothing but their entries: sorted by path, no times, numeric owners.
 *
 * System tar can do the same but not on every machine, and a folder on disk would bring its own modes and owners. The
 * format is POSIX ustar, which every container runtime reads; paths are limited by it to 100 + 155 bytes.
 */

export interface TarFile {
  readonly kind: 'file';
  /** Relative, without a leading slash. Folders above it are made by themselves. */
  readonly path: string;
  readonly content: Uint8Array;
  /** Permission bits; 0o644 when absent. */
  readonly mode?: number;
  readonly owner?: number;
}

export interface TarFolder {
  readonly kind: 'folder';
  readonly path: string;
  /** Permission bits; 0o755 when absent. */
  readonly mode?: number;
  readonly owner?: number;
}

export interface TarLink {
  readonly kind: 'link';
  readonly path: string;
  /** What the symbolic link points to, as it is written into it. */
  readonly target: string;
}

export type TarEntry = TarFile | TarFolder | TarLink;

const blockBytes = 512;

/**
 * The archive of the given entries, in whatever order they come.
 *
 * Throws when two entries have one path, or a path does not fit the format.
 */
export function writeTar(entries: readonly TarEntry[]): Buffer {
  const byPath = new Map<string, TarEntry>();
  for (const entry of entries) {
    if (byPath.has(entry.path)) {
      throw new Error(`write tar: two entries for ${entry.path}`);
    }
    byPath.set(entry.path, entry);
  }
  for (const folder of entries.flatMap((entry) => foldersAbove(entry.path))) {
    if (!byPath.has(folder)) {
      byPath.set(folder, { kind: 'folder', path: folder });
    }
  }
  const sorted = [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const end = Buffer.alloc(2 * blockBytes);
  return Buffer.concat([...sorted.flatMap(blocksOf), end]);
}

/** What stands before a file of that size, for archives that are written piece by piece. Throws as writeTar. */
export function tarHeader(path: string, sizeBytes: number): Buffer {
  return header({ path, sizeBytes, type: '0', mode: 0o644, owner: 0, link: '' });
}

/** What stands behind it. */
export function tarPadding(sizeBytes: number): Buffer {
  return Buffer.alloc((blockBytes - (sizeBytes % blockBytes)) % blockBytes);
}

function foldersAbove(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function blocksOf(entry: TarEntry): Uint8Array[] {
  switch (entry.kind) {
    case 'file': {
      const fields = { path: entry.path, type: '0', mode: entry.mode ?? 0o644, owner: entry.owner ?? 0, link: '' };
      return [header({ ...fields, sizeBytes: entry.content.length }), entry.content, tarPadding(entry.content.length)];
    }
    case 'folder': {
      const fields = { type: '5', mode: entry.mode ?? 0o755, owner: entry.owner ?? 0, link: '' };
      return [header({ ...fields, path: `${entry.path}/`, sizeBytes: 0 })];
    }
    case 'link':
      return [header({ path: entry.path, type: '2', mode: 0o777, owner: 0, link: entry.target, sizeBytes: 0 })];
  }
}

interface HeaderFields {
  readonly path: string;
  readonly type: string;
  readonly mode: number;
  readonly owner: number;
  readonly link: string;
  readonly sizeBytes: number;
}

/** One ustar header (POSIX.1-2001 pax, "ustar Interchange Format"). */
function header(fields: HeaderFields): Buffer {
  const block = Buffer.alloc(blockBytes);
  const { name, prefix } = splitPath(fields.path);
  if (Buffer.byteLength(fields.link) > 100) {
    throw new Error(`write tar: the link target of ${fields.path} is longer than 100 bytes`);
  }
  block.write(name, 0);
  block.write(octal(fields.mode, 8), 100);
  block.write(octal(fields.owner, 8), 108);
  block.write(octal(fields.owner, 8), 116);
  block.write(octal(fields.sizeBytes, 12), 124);
  block.write(octal(0, 12), 136);
  block.write(' '.repeat(8), 148);
  block.write(fields.type, 156);
  block.write(fields.link, 157);
  block.write('ustar\u000000', 257);
  block.write(prefix, 345);
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  block.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** Octal digits, ended by a NUL, in a field of that width. */
function octal(value: number, width: number): string {
  const digits = value.toString(8);
  if (digits.length >= width) {
    throw new Error(`write tar: ${value} does not fit a field of ${width} bytes`);
  }
  return `${digits.padStart(width - 1, '0')}\0`;
}

/** A path of more than 100 bytes is cut at a slash: the part before it goes to the prefix field. */
function splitPath(path: string): { readonly name: string; readonly prefix: string } {
  if (path.startsWith('/') || path.split('/').includes('..')) {
    throw new Error(`write tar: ${path} is not a path below the root of the archive`);
  }
  if (Buffer.byteLength(path) <= 100) {
    return { name: path, prefix: '' };
  }
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (name !== '' && Buffer.byteLength(name) <= 100 && Buffer.byteLength(prefix) <= 155) {
      return { name, prefix };
    }
  }
  throw new Error(`write tar: ${path} is too long for the ustar format`);
}
