/** What the documentation shows to be typed can be typed: commands with their flags, values of the chart, files in a format. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';
import { expect, test } from 'vitest';
import { chartValues } from '../scripts/generators/chart-values.ts';
import { commands } from '../src/cli/commands.ts';
import { type CodeBlock, docsBlocks } from './docs/code-blocks.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const blocks = docsBlocks();
const named = blocks.map((block) => ({ ...block, place: `${block.page}:${block.line}` }));
const shells = ['', 'sh', 'bash', 'console'];

test.each(named.filter(({ language }) => /^ya?ml$/.test(language)))('$place is YAML', ({ text }) => {
  expect(() => loadAll(text)).not.toThrow();
});

test.each(named.filter(({ language }) => language === 'json'))('$place is JSON', ({ text }) => {
  expect(() => JSON.parse(text)).not.toThrow();
});

const typed = named.filter(({ language }) => shells.includes(language)).flatMap(callsIn);

test('there are calls to look at', () => {
  expect(typed.length).toBeGreaterThan(60);
});

test.each(typed)('$place: $call', ({ call }) => {
  expect(complaintsOf(call)).toEqual([]);
});

test.each([
  ['headgate aps', 'headgate has no command aps'],
  ['headgate apps --al', 'headgate apps has no option --al'],
  ['make teest', 'there is no target teest in the Makefile'],
  ['helm install headgate ./chart --set imag.tag=1', 'the chart has no value imag.tag'],
  ['node scripts/imagine.ts', 'scripts/imagine.ts is not there'],
])('%s is refused', (call, complaint) => {
  expect(complaintsOf(call)).toEqual([complaint]);
});

interface Call {
  readonly place: string;
  readonly call: string;
}

/** Calls of our own programs, one a line; a line that ends with a backslash goes on. */
function callsIn({ page, line, text }: CodeBlock): readonly Call[] {
  const lines = text.replaceAll('\\\n', ' ').split('\n');
  return lines.flatMap((written, index) => {
    const call = /^\s*(?:\$ )?(?<call>(?:headgate|make|helm (?:install|upgrade)|node scripts\/\S+)(?: .*)?)$/.exec(
      written,
    );
    const words = call?.groups?.['call'];
    return words === undefined || words.startsWith('headgate() ')
      ? []
      : [{ place: `${page}:${line + index}`, call: words }];
  });
}

function complaintsOf(call: string): readonly string[] {
  const words = wordsOf(call);
  switch (words[0]) {
    case 'headgate':
      return headgateComplaints(words.slice(1));
    case 'make':
      return words
        .slice(1)
        .filter(isTarget)
        .flatMap((target) => (makeTargets().has(target) ? [] : [`there is no target ${target} in the Makefile`]));
    case 'node':
      return existsSync(`${root}${words[1]}`) ? [] : [`${words[1]} is not there`];
    default:
      return call.includes('chart') ? helmComplaints(words) : [];
  }
}

/** Words up to a comment, a pipe or what follows; quotes hold words together. */
function wordsOf(call: string): readonly string[] {
  const command = call.replace(/\s(?:#|\||>|<|&&|\|\||;|…|\.\.\.).*$/, '');
  return [...command.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)].map(([word]) => word.replaceAll(/["']/g, ''));
}

function headgateComplaints([name = '', ...words]: readonly string[]): readonly string[] {
  if (name === '' || name.startsWith('-') || name === 'help') {
    return [];
  }
  const command = commands.find((one) => one.name === name || one.aliases?.includes(name));
  if (command === undefined) {
    return [`headgate has no command ${name}`];
  }
  if (command.rewrite !== undefined) {
    return [];
  }
  const known = new Set(command.options.flatMap(({ flags }) => flags.match(/(?<![\w-])--?[a-z][a-z0-9-]*/g) ?? []));
  const used = words.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.replace(/=.*$/, ''));
  return used
    .filter((flag) => !known.has(flag) && flag !== '--help')
    .map((flag) => `headgate ${name} has no option ${flag}`);
}

function makeTargets(): ReadonlySet<string> {
  const makefile = readFileSync(`${root}Makefile`, 'utf8');
  return new Set([...makefile.matchAll(/^([a-z-]+):/gm)].map(([, target = '']) => target));
}

function isTarget(word: string): boolean {
  return !word.includes('=') && !word.startsWith('-');
}

function helmComplaints(words: readonly string[]): readonly string[] {
  const settings = words.flatMap((word, index) =>
    /^--set(-string|-json)?$/.test(word) ? [words[index + 1] ?? ''] : [],
  );
  const paths = settings.map((setting) => setting.replace(/=.*$/s, ''));
  return paths.filter((path) => !isValue(path)).map((path) => `the chart has no value ${path}`);
}

function isValue(path: string): boolean {
  let schema: unknown = JSON.parse(JSON.stringify(chartValues));
  for (const name of path.replaceAll(/\[\d+\]/g, '').split(/(?<!\\)\./)) {
    if (schema === undefined) {
      return false;
    }
    const properties = property(schema, 'properties') ?? property(property(schema, 'items'), 'properties');
    if (properties === undefined) {
      return property(schema, 'additionalProperties') !== false;
    }
    schema = property(properties, name);
  }
  return schema !== undefined;
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(name) : undefined;
}
