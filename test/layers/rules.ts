/** The arrows of ARCHITECTURE.md as data, and the check of one set of sources against them. */
import { posix } from 'node:path';
import { importsOf, linesWith } from './imports.ts';

/** Path from the root of the repository, for example `src/core/errors.ts`, and text of each source. */
export type Sources = ReadonlyMap<string, string>;

/**
 * What the files of a layer may import besides their own layer: a layer, or one file of it. The order is the order of the
 * arrows. An adapter is a layer of its own, so that two of them cannot know each other.
 */
const arrows: Readonly<Record<string, readonly string[]>> = {
  core: [],
  resources: ['core'],
  kube: ['core/errors'],
  network: ['core/errors'],
  telemetry: ['core/errors'],
  engine: ['core', 'resources', 'telemetry'],
  adapters: ['core', 'resources', 'kube', 'network', 'engine/ports', 'telemetry'],
  controllers: ['core', 'resources', 'engine', 'kube', 'telemetry'],
  server: ['core', 'resources', 'engine', 'kube/store', 'telemetry'],
  app: ['core', 'resources', 'engine', 'kube', 'network', 'adapters', 'controllers', 'server', 'telemetry'],
  cli: ['core', 'resources', 'engine', 'app', 'telemetry'],
  main: ['cli'],
};

/** Packages and modules of Node that a pure layer may use; other layers may use any. */
const pureModules: Readonly<Record<string, readonly string[]>> = {
  // cel-js parses and evaluates without I/O; the time that it may take is an argument (core/cel/time-limit.ts).
  core: ['semver', 're2js', 'yaml', '@marcbachmann/cel-js', 'node:crypto'],
  resources: ['typebox', 'typebox/compile', 'typebox/schema', 'typebox/value', 'typebox/error'],
  engine: ['node:util'],
};

interface Ban {
  readonly what: string;
  readonly pattern: RegExp;
  readonly bannedIn: (path: string) => boolean;
}

const isTimeless = (path: string) => ['core', 'resources', 'engine'].includes(layerOf(path));

const bans: readonly Ban[] = [
  { what: 'reads the clock', pattern: /\bnew Date\(\)|\bDate\.now\(|\bperformance\.now\(/, bannedIn: isTimeless },
  { what: 'uses randomness', pattern: /\bMath\.random\b|\brandomUUID\b|\brandomBytes\b/, bannedIn: isTimeless },
  { what: 'sets a timer', pattern: /\bset(?:Timeout|Interval|Immediate)\(/, bannedIn: isTimeless },
  { what: 'writes to the console', pattern: /\bconsole\./, bannedIn: () => true },
  { what: 'reads the environment', pattern: /\bprocess\.env\b/, bannedIn: (path) => path !== 'src/app/config.ts' },
  { what: 'ends the process', pattern: /\bprocess\.exit\b/, bannedIn: (path) => path !== 'src/main.ts' },
];

/** Every breach as `file:line: from -> to: why`; empty when the sources keep to the arrows. */
export function findBreaches(sources: Sources): string[] {
  const breaches = [...sources].flatMap(([path, text]) => [
    ...importsOf(text).flatMap(({ specifier, line }) => breachOfImport(path, specifier, line)),
    ...bans
      .filter((ban) => ban.bannedIn(path))
      .flatMap((ban) => linesWith(text, ban.pattern).map((line) => `${path}:${line}: ${layerOf(path)} ${ban.what}`)),
  ]);
  return [...breaches, ...findCycles(sources)];
}

function breachOfImport(path: string, specifier: string, line: number): string[] {
  const from = layerOf(path);
  if (!specifier.startsWith('.')) {
    const allowed = pureModules[from];
    const isForbidden = allowed !== undefined && !allowed.includes(specifier);
    return isForbidden
      ? [`${path}:${line}: ${from} -> ${specifier}: ${from} does no I/O and knows no such library`]
      : [];
  }
  const target = resolve(path, specifier);
  const to = layerOf(target);
  if (to === from) {
    return [];
  }
  const rule = arrows[from.split('/')[0] ?? ''];
  if (rule === undefined) {
    return [`${path}:${line}: ${from} is no layer; add its arrows to test/layers/rules.ts and ARCHITECTURE.md`];
  }
  const isAllowed = rule.some((arrow) => covers(arrow, target)) && !(isAdapter(from) && isAdapter(to));
  return isAllowed ? [] : [`${path}:${line}: ${from} -> ${to}: may only import ${rule.join(', ') || 'itself'}`];
}

function covers(arrow: string, target: string): boolean {
  const place = `src/${arrow}`;
  return target === `${place}.ts` || target.startsWith(`${place}/`);
}

/** `core`, `adapters/registry`, `main`. */
function layerOf(path: string): string {
  const [root = '', first = '', second = ''] = path.split('/');
  if (root !== 'src') {
    return root;
  }
  return first === 'adapters' ? `${first}/${second}` : first.replace(/\.ts$/, '');
}

function isAdapter(layer: string): boolean {
  return layer.startsWith('adapters/');
}

function resolve(path: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(path), specifier));
}

/** Files that come back to themselves over their imports; types count, because a cycle of types is one thing in two files. */
function findCycles(sources: Sources): string[] {
  const next = new Map([...sources].map(([path, text]) => [path, relativeImports(path, text)]));
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) {
      cycles.push(`cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' -> ')}`);
    } else if (!done.has(path)) {
      for (const target of next.get(path) ?? []) {
        visit(target, [...trail, path]);
      }
      done.add(path);
    }
  };
  for (const path of sources.keys()) {
    visit(path, []);
  }
  return cycles;
}

function relativeImports(path: string, text: string): string[] {
  return importsOf(text)
    .filter(({ specifier }) => specifier.startsWith('.'))
    .map(({ specifier }) => resolve(path, specifier));
}
