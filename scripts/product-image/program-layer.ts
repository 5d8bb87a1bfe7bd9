/** The upper layer of the product's image: the program with everything it imports, as one file. */
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type { TarEntry } from '../../src/adapters/channel/write-tar.ts';

/** Absolute path of the program in the image. */
export const programPath = '/app/headgate.mjs';

/**
 * How Node runs it. Of what a check allocates next to nothing lives on, but a young generation of the usual 16 MiB times three stays in
 * memory once it was used: with 300 Apps that is a third of the process (bench/detect.ts). The old generation is collected when it has grown by a
 * fifth; optimised for size it would be by three tenths. The one piece of WebAssembly is the parser of HTTP in
 * undici; to optimise it takes V8 22 MiB for a moment and a sixth of the time of the start, and it is no place where time is spent.
 * Functions go from the interpreter to Maglev, without the machine code of Sparkplug between them, which is never let go of: 5 MiB of one App
 * of 2,000 objects, and no difference in the CPU time of checks.
 */
export const nodeFlags: readonly string[] = [
  '--max-semi-space-size=2',
  '--optimize-for-size',
  '--heap-growing-percent=20',
  '--liftoff-only',
  '--no-sparkplug',
];

/**
 * How glibc gives memory out, mallopt(3). By default each thread has a heap of its own, and blocks of up to 32 MiB come from these once one
 * was freed: what TLS, zlib, answers and V8's compilers (in pieces of 32 KiB) had used stays with the process for ever. Just started, with
 * `--liftoff-only`: 91 MiB with a threshold of 128 KiB, 84 MiB with 32 KiB. With 8 KiB, one App of 2,000 objects leaves 4 MiB less of holes
 * behind (bench/apply.ts): answers and what TLS and V8's parser took.
 */
export const nodeEnvironment: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '8192',
  MALLOC_TOP_PAD_: '0',
  MALLOC_TRIM_THRESHOLD_: '16384',
};

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Some dependencies are CommonJS and call `require` for modules of Node, which an ES module does not have.
 * Names are not shortened: a stack trace from the field has to name real functions.
 */
const requireForBundledCommonJs =
  "import { createRequire as createRequireForBundle } from 'node:module';\nconst require = createRequireForBundle(import.meta.url);";

/** So that a line of a stack trace is still a place that can be looked at. */
const longestLine = 160;

/**
 * Modules of Node are required and not imported. An import of `node:http` evaluates whatever that module has to give, which is also the
 * WebSocket of Node and with it a second undici; `node:crypto` that way brings all of WebCrypto. A bare Node with `node:http` and
 * `node:https`: 58 MiB imported, 50 MiB required; the controller just loaded: 2 to 3 MiB less.
 */
const requireBuiltins: Plugin = {
  name: 'require-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'builtin' } : { path, external: true },
    );
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = require(${JSON.stringify(path)});`,
      loader: 'js',
    }));
  },
};

export interface BundledProgram {
  readonly entries: readonly TarEntry[];
  /** Files that the bundle is made of, from the root of the repository. */
  readonly inputs: readonly string[];
}

/** The layer alone; see bundleProgram. */
export async function makeProgramLayer(entry: string): Promise<readonly TarEntry[]> {
  return (await bundleProgram(entry)).entries;
}

/** Bundles the entry file; throws with the compiler's messages when an import cannot be resolved. */
export async function bundleProgram(entry: string): Promise<BundledProgram> {
  const result = await build({
    entryPoints: [entry],
    // Paths in the output's comments are relative to it: the digest must not depend on who calls from where.
    absWorkingDir: repositoryRoot,
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // Names stay. What is left out is white space and comments, a third of what the process would hold as text.
    minifyWhitespace: true,
    lineLimit: longestLine,
    // undici leaves out its second parser of HTTP, which is there to be tried: 180 KiB of text.
    define: { esbuildDetection: 'true' },
    legalComments: 'eof',
    logLevel: 'silent',
    plugins: [requireBuiltins],
    banner: { js: requireForBundledCommonJs },
  });
  const [output] = result.outputFiles;
  if (output === undefined) {
    throw new Error(`bundle ${entry}: no output`);
  }
  const content = Buffer.from(inAscii(output.text), 'latin1');
  const inputs = Object.values(result.metafile.outputs).flatMap((one) => Object.keys(one.inputs));
  return { entries: [{ kind: 'file', path: programPath.slice(1), content }], inputs };
}

/** V8 keeps the whole text with two bytes a character as soon as one of them needs it; escaped, it means the same. */
function inAscii(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
