/** Every App in the documentation is one that Headgate takes. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadAll } from 'js-yaml';
import { expect, test } from 'vitest';
import { decodeApp, decodeAppSpec } from '../src/resources/decode-app.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Example {
  readonly page: string;
  readonly number: number;
  readonly app: Readonly<Record<string, unknown>>;
}

const examples = ['README.md', ...pagesBelow('docs')].flatMap(examplesIn);

test.each(examples)('$page, example $number', ({ app }) => {
  const metadata = { namespace: 'default', uid: 'uid', creationTimestamp: '2026-05-04T12:00:00Z' };
  const named = isMap(app['metadata']) ? app['metadata'] : {};

  expect(() => decodeAppSpec(decodeApp({ ...app, metadata: { ...metadata, ...named } }, 'the example'))).not.toThrow();
});

test.each([
  ['docs/guide/moving-from-flux.md', 3],
  ['docs/guide/moving-from-helm-operator.md', 1],
  ['docs/guide/manifests.md', 1],
  ['docs/guide/helm.md', 1],
  ['docs/guide/git.md', 1],
])('%s has examples', (page, count) => {
  expect(examples.filter((example) => example.page === page)).toHaveLength(count);
});

function examplesIn(page: string): readonly Example[] {
  const blocks = [...readFileSync(`${root}${page}`, 'utf8').matchAll(/^```ya?ml\n(.*?)^```/gms)];
  const apps = blocks.flatMap(([, text = '']) => (text.includes('headgate.dev/') ? loadAll(text) : [])).filter(isApp);
  return apps.map((app, index) => ({ page, number: index + 1, app }));
}

function isApp(value: unknown): value is Readonly<Record<string, unknown>> {
  return isMap(value) && value['kind'] === 'App' && isMap(value['spec']);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pagesBelow(folder: string): readonly string[] {
  const names = readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.md')).map((name) => `${folder}/${name}`);
}
