/** A tree of files as one archive, whose bytes depend on nothing but the files. */
import { gzipSync } from 'node:zlib';
import type { SourceTree } from '../../engine/ports/source-tree.ts';
import { writeTar } from './write-tar.ts';

const mostCompressed = 9;

export function packTree({ files }: Pick<SourceTree, 'files'>): Uint8Array {
  const archive = writeTar(files.map(({ path, content }) => ({ kind: 'file', path, content })));
  return gzipSync(archive, { level: mostCompressed });
}
