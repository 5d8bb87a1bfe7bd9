/** `headgate crds`: what Helm does once and never again. */
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest';
import { connectTo } from '../../test/kube/server-fixtures.ts';
import type { KubeClient } from '../kube/client.ts';
import { parseManifests } from '../kube/manifest-text.ts';
import type { KubeObject } from '../kube/objects.ts';
import { customResourceDefinitions } from '../kube/resource-types.ts';
import { kinds } from '../resources/kinds.ts';
import { definitionsVersionKey } from '../resources/metadata.ts';
import { runProgram } from './program.ts';

interface Definition extends KubeObject {
  readonly spec: { readonly versions: readonly { readonly additionalPrinterColumns?: readonly object[] }[] };
}

const rejections = { namespace: '', name: 'rejections.headgate.dev' };

let client: KubeClient;

beforeAll(async () => {
  client = await connectTo(inject('kubeconfig'));
});

afterAll(() => client.close());

test('prints every definition, which kubectl could apply', async () => {
  const { code, out } = await crds();

  const printed = parseManifests(out, 'crds') ?? [];
  expect(code).toBe(0);
  expect(printed.map(({ kind, name }) => `${kind} ${name}`)).toEqual(
    kinds.map(({ plural, group }) => `CustomResourceDefinition ${plural}.${group}`),
  );
});

test('puts back what an earlier version has otherwise, and says so', async () => {
  // As somebody with an older chart would have left it.
  const { spec } = await client.get<Definition>(customResourceDefinitions, rejections);
  const versions = spec.versions.map((one) => ({ ...one, additionalPrinterColumns: [] }));
  await client.patch(customResourceDefinitions, rejections, { kind: 'merge', body: { spec: { versions } } });

  const { code, out } = await crds('--apply');

  expect(code).toBe(0);
  expect(out).toMatch(/rejections\.headgate\.dev +Applied +\d/);
  const found = await client.get<Definition>(customResourceDefinitions, rejections);
  expect(found.spec.versions[0]?.additionalPrinterColumns).toHaveLength(7);
  expect(found.metadata.annotations?.[definitionsVersionKey]).toMatch(/^\d+\.\d+\.\d+/);
});

test('leaves alone what a later version has put', async () => {
  await putVersion('99.0.0');
  onTestFinished(() => putVersion(null));

  const { code, out } = await crds('--apply', '--output', 'json');

  expect(code).toBe(0);
  expect(JSON.parse(out)).toContainEqual({ name: rejections.name, result: 'Newer', version: '99.0.0' });
  const found = await client.get<Definition>(customResourceDefinitions, rejections);
  expect(found.metadata.annotations?.[definitionsVersionKey]).toBe('99.0.0');
});

test('takes what is no version for nobody that came later', async () => {
  await putVersion('latest');

  expect((await crds('--apply')).out).toMatch(/rejections\.headgate\.dev +Applied/);
});

test.each(['0s', '2h', 'soon'])('--timeout %s ends with 2 and changes nothing', async (timeout) => {
  const { code, error } = await crds('--apply', '--timeout', timeout);

  expect(code).toBe(2);
  expect(error).toContain('--timeout');
});

async function putVersion(version: string | null): Promise<void> {
  const body = { metadata: { annotations: { [definitionsVersionKey]: version } } };
  await client.patch(customResourceDefinitions, rejections, { kind: 'merge', body });
}

async function crds(...words: readonly string[]): Promise<{ code: number; out: string; error: string }> {
  const said = { out: '', error: '' };
  const code = await runProgram(['crds', '--kubeconfig', inject('kubeconfig'), ...words], {
    out: (text) => {
      said.out += text;
    },
    error: (text) => {
      said.error += text;
    },
    signal: new AbortController().signal,
  });
  return { code, ...said };
}
