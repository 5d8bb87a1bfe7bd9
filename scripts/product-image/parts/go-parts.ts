/** The modules of a Go program, which the linker writes into it. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { goLicences } from './go-licences.ts';
import type { Part } from './part.ts';

/** Of `runtime/debug.BuildInfo` as `go version -m` reads it: 14 bytes of magic, 2 of flags, 16 unused, then two strings with their length. */
const magic = Buffer.from('\xff Go buildinf:', 'latin1');
const headerBytes = 32;
const sentinelBytes = 16;

interface GoBuild {
  /** Of Go itself, for example go1.25.9. */
  readonly compiler: string;
  /** Package of the program, for example helm.sh/helm/v4/cmd/helm. */
  readonly main: string;
  readonly modules: readonly GoModule[];
}

interface GoModule {
  readonly path: string;
  readonly version: string;
}

/** What Go calls the version of a module that is built where it is written: the one of ours in which versions are pinned. */
const ownVersion = '(devel)';

/** Throws when the program was not made by Go 1.18 or later, or says nothing of its modules. */
function readGoBuild(program: Buffer): GoBuild {
  const start = program.indexOf(magic);
  const compiler = start < 0 ? undefined : readText(program, start + headerBytes);
  const info = compiler && readText(program, compiler.end);
  if (compiler === undefined || info === undefined || info.text.length <= 2 * sentinelBytes) {
    throw new Error('read the modules of a Go program: it has no build information');
  }
  const lines = info.text.slice(sentinelBytes, -sentinelBytes).split('\n');
  const modules: GoModule[] = [];
  let main = '';
  for (const line of lines) {
    const [kind, path = '', version = ''] = line.split('\t');
    if (kind === 'path') {
      main = path;
    }
    if (kind === '=>') {
      modules.pop();
    }
    if (kind === 'mod' || kind === 'dep' || kind === '=>') {
      modules.push({ path, version });
    }
  }
  return { compiler: compiler.text, main, modules: modules.filter(({ version }) => version !== ownVersion) };
}

function readText(program: Buffer, at: number): { readonly text: string; readonly end: number } {
  let [length, shift, position] = [0, 0, at];
  for (;;) {
    const byte = program[position++] ?? 0;
    length |= (byte & 0x7f) << shift;
    shift += 7;
    if (byte < 0x80 || shift > 28) {
      break;
    }
  }
  return { text: program.toString('latin1', position, position + length), end: position + length };
}

/** Itself first, then its modules and the standard library. */
export async function goParts(file: string, usedBy: string): Promise<readonly Part[]> {
  const program = await readFile(file);
  const { compiler, main, modules } = readGoBuild(program);
  const sha256 = createHash('sha256').update(program).digest('hex');
  const goVersion = compiler.replace(/^go/, '');
  return [
    ...modules.map(
      ({ path, version }): Part => ({
        kind: 'golang',
        name: path,
        version,
        purl: `pkg:golang/${path}@${version}`,
        licences: goLicences[path] === undefined ? [] : [goLicences[path]],
        ...(main.startsWith(`${path}/`) && { hash: { alg: 'SHA-256', content: sha256 } }),
        usedBy,
      }),
    ),
    {
      kind: 'golang',
      name: 'stdlib',
      version: goVersion,
      purl: `pkg:golang/stdlib@${goVersion}`,
      licences: ['BSD-3-Clause'],
      usedBy,
    },
  ];
}
