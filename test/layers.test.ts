/** The imports of src/ keep to the arrows of ARCHITECTURE.md; the second half shows that the check can fail. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { importsOf } from './layers/imports.ts';
import { findBreaches } from './layers/rules.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

test('src keeps to the layers', () => {
  const sources = productSources();

  expect(sources.size).toBeGreaterThan(50);
  expect(findBreaches(sources)).toEqual([]);
});

/** What runs in production: tests beside the sources, and what only they use, may import what they like. */
function productSources(): Map<string, string> {
  const names = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' });
  const isProduct = (name: string) => name.endsWith('.ts') && !name.endsWith('.test.ts');
  return new Map(names.filter(isProduct).map((name) => [`src/${name}`, readFileSync(`${root}src/${name}`, 'utf8')]));
}

test.each([
  { path: 'src/core/a.ts', text: "import { x } from '../kube/x.ts';", says: 'src/core/a.ts:1: core -> kube' },
  { path: 'src/core/a.ts', text: "import type { X } from '../engine/ports/clock.ts';", says: 'core -> engine' },
  { path: 'src/core/a.ts', text: "import { readFile } from 'node:fs/promises';", says: 'core -> node:fs/promises' },
  { path: 'src/core/a.ts', text: 'export const a = () => new Date();', says: 'core reads the clock' },
  { path: 'src/core/a.ts', text: '\n\nexport const a = Math.random;', says: 'src/core/a.ts:3: core uses randomness' },
  { path: 'src/engine/a.ts', text: 'const a = Date.now();', says: 'engine reads the clock' },
  { path: 'src/engine/a.ts', text: 'setTimeout(() => undefined, 1);', says: 'engine sets a timer' },
  { path: 'src/engine/a.ts', text: "import { Pool } from 'undici';", says: 'engine -> undici' },
  { path: 'src/resources/a.ts', text: "import { x } from '../engine/x.ts';", says: 'resources -> engine' },
  { path: 'src/kube/a.ts', text: "import { x } from '../core/image/reference.ts';", says: 'kube -> core' },
  { path: 'src/kube/a.ts', text: "import { x } from '../resources/app.ts';", says: 'kube -> resources' },
  { path: 'src/engine/a.ts', text: "import { x } from '../adapters/registry/client.ts';", says: 'engine -> adapters/' },
  { path: 'src/adapters/registry/a.ts', text: "import { x } from '../helm/b.ts';", says: '-> adapters/helm' },
  { path: 'src/adapters/registry/a.ts', text: "import { x } from '../../engine/detect.ts';", says: '-> engine' },
  { path: 'src/server/a.ts', text: "import { x } from '../kube/client.ts';", says: 'server -> kube' },
  { path: 'src/cli/a.ts', text: "import { x } from '../kube/client.ts';", says: 'cli -> kube' },
  { path: 'src/main.ts', text: "import { x } from './app/x.ts';", says: 'main -> app' },
  { path: 'src/app/a.ts', text: 'const home = process.env.HOME;', says: 'app reads the environment' },
  { path: 'src/cli/a.ts', text: 'process.exit(1);', says: 'cli ends the process' },
  { path: 'src/app/a.ts', text: "console.log('x');", says: 'app writes to the console' },
  { path: 'src/extra/a.ts', text: "import { x } from '../core/x.ts';", says: 'extra is no layer' },
  { path: 'src/core/a.ts', text: "export { x } from '../kube/x.ts';", says: 'core -> kube' },
  { path: 'src/core/a.ts', text: "const x = await import('../kube/x.ts');", says: 'core -> kube' },
  {
    path: 'src/core/a.ts',
    text: "import {\n  x,\n  y,\n} from '../kube/x.ts';",
    says: 'src/core/a.ts:4: core -> kube',
  },
])('$path may not say $text', ({ path, text, says }) => {
  const [breach, ...others] = findBreaches(new Map([[path, text]]));

  expect(breach).toContain(says);
  expect(others).toEqual([]);
});

test.each([
  { path: 'src/core/a.ts', text: "// import { x } from '../kube/x.ts';\n/* console.log(new Date()) */" },
  { path: 'src/core/a.ts', text: "const text = 'call Date.now() https://example.org';" },
  { path: 'src/core/a.ts', text: 'const date = new Date(text);' },
  { path: 'src/core/policy/a.ts', text: "import { compare } from 'semver';\nimport { x } from '../image/x.ts';" },
  { path: 'src/kube/a.ts', text: "import { OperationError } from '../core/errors.ts';\nconst now = Date.now();" },
  { path: 'src/adapters/registry/a.ts', text: "import type { X } from '../../engine/ports/clock.ts';" },
  { path: 'src/app/config.ts', text: 'const home = process.env.HOME;' },
  { path: 'src/main.ts', text: 'process.exit(0);' },
])('$path may say $text', ({ path, text }) => {
  expect(findBreaches(new Map([[path, text]]))).toEqual([]);
});

test('files that import each other in a circle are named', () => {
  const sources = new Map([
    ['src/core/a.ts', "import { b } from './b.ts';"],
    ['src/core/b.ts', "import type { C } from './c.ts';"],
    ['src/core/c.ts', "import { a } from './a.ts';"],
  ]);

  expect(findBreaches(sources)).toEqual(['cycle: src/core/a.ts -> src/core/b.ts -> src/core/c.ts -> src/core/a.ts']);
});

test('imports are read with their lines, whatever they look like', () => {
  const source =
    "import a from 'a';\nimport 'b';\nimport type { C } from 'c';\nimport * as d from \"d\";\nexport * from 'e';";

  expect(importsOf(source)).toEqual([
    { specifier: 'a', typeOnly: false, line: 1 },
    { specifier: 'b', typeOnly: false, line: 2 },
    { specifier: 'c', typeOnly: true, line: 3 },
    { specifier: 'd', typeOnly: false, line: 4 },
    { specifier: 'e', typeOnly: false, line: 5 },
  ]);
});
