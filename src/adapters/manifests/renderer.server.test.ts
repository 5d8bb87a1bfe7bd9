/** Files to objects, with the real kubectl where a kustomization asks for it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { locateTools } from '../../../test/cluster/binaries.ts';
import { outputOf } from '../../../test/cluster/run-command.ts';
import { type AgeKey, makeAgeKey } from '../../../test/manifests/age-key.ts';
import type { ManifestRenderer } from '../../engine/ports/manifest-files.ts';
import type { LeftOut } from '../../engine/ports/source-tree.ts';
import { createManifestRenderer } from './renderer.ts';

const never = new AbortController().signal;
let kubectl: string;
let sops: string;
let renderer: ManifestRenderer;

beforeAll(async () => {
  ({ kubectl, sops } = await locateTools(['kubectl', 'sops']));
  renderer = createManifestRenderer({ kubectl, sops, path: dirname(kubectl) });
}, 1_800_000);

const map = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;

function render(
  files: Readonly<Record<string, string>>,
  path = '',
  { leftOut = [], ageKeys }: { readonly leftOut?: readonly LeftOut[]; readonly ageKeys?: string } = {},
) {
  const tree = {
    files: Object.entries(files).map(([name, content]) => ({ path: name, content: Buffer.from(content) })),
    leftOut,
  };
  return renderer.render({ tree, path, ...(ageKeys === undefined ? {} : { ageKeys }) }, never);
}

describe('plain files', () => {
  test('below the path are read with the place of each object', async () => {
    const files = {
      'deploy/a.yaml': `${map('a')}---\n${map('b')}`,
      'deploy/c.json': JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'c' } }),
      'other/d.yml': map('d'),
      'deploy/README.md': '# x',
    };

    const objects = await render(files, 'deploy');

    expect(objects.map(({ name, place }) => `${name} ${place?.file}:${place?.document}`)).toEqual([
      'a deploy/a.yaml:1',
      'b deploy/a.yaml:2',
      'c deploy/c.json:1',
    ]);
    expect(await render(files, 'other/d.yml')).toHaveLength(1);
  });

  test('whose content did not change mean the same again, and what is done to their objects does no harm', async () => {
    const text = `${map('a')}data: {text: "1", other: 'ä', empty: }\n---\napiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Pod, metadata: {name: b}}]\n`;
    const tree = { files: [{ path: 'a.yaml', content: Buffer.from(text) }], leftOut: [] };
    const first = await renderer.render({ tree, path: '' }, never);
    const before = structuredClone(first);
    Reflect.set(first[0]?.object ?? {}, 'data', 'changed');

    const again = await renderer.render({ tree, path: '' }, never);

    expect(again).toEqual(before);
    expect(again.map(({ name, object }) => [name, object['data']])).toEqual([
      ['a', { text: '1', other: 'ä', empty: null }],
      ['b', undefined],
    ]);
  });

  test.each([
    { name: 'none at all', files: { 'a.md': 'x' }, message: /no YAML or JSON file and no kustomization/ },
    {
      name: 'no YAML',
      files: { 'a.yaml': map('a'), 'bad.yaml': `${map('b')}---\n\tx: 1\n` },
      message: /bad.yaml, document 2, line 6: no YAML/,
    },
    { name: 'bytes that are no text', files: { 'a.yaml': '\u0000' }, message: /a.yaml, document 1, line 1/ },
    {
      name: 'one of more than 10 MiB',
      files: { 'a.yaml': `# ${'x'.repeat(11 * 2 ** 20)}` },
      message: /a.yaml: 11534338 bytes, of 10485760 at most/,
    },
    {
      name: 'a map that contains itself through an alias',
      files: { 'a.yaml': `${map('a')}data: &data\n  more: *data\n` },
      message: /a.yaml: followed through its aliases it has no end/,
    },
  ])('are refused: $name', async ({ files, message }) => {
    await expect(render(files)).rejects.toMatchObject({
      code: expect.stringMatching('MANIFEST_INVALID'),
      retry: 'never',
      message: expect.stringMatching(message),
    });
  });

  test.each(['SymbolicLink', 'Submodule', 'LfsPointer'] as const)(
    'are refused: a %s in the place of one',
    async (reason) => {
      await expect(render({ 'a.yaml': map('a') }, '', { leftOut: [{ path: 'b.yaml', reason }] })).rejects.toThrow(
        `b.yaml: it is a ${reason}`,
      );
    },
  );

  test('beside the path may be anything', async () => {
    const leftOut = [{ path: 'other/b.yaml', reason: 'SymbolicLink' }] as const;

    expect(await render({ 'deploy/a.yaml': map('a') }, 'deploy', { leftOut })).toHaveLength(1);
  });
});

describe('a kustomization', () => {
  test('is built with what it refers to in the same source', async () => {
    const objects = await render(
      {
        'base/kustomization.yaml': 'resources: [a.yaml]\n',
        'base/a.yaml': map('a'),
        'prod/kustomization.yaml':
          'resources: [../base]\nnamePrefix: prod-\nconfigMapGenerator:\n- name: made\n  literals: [x=1]\n',
      },
      'prod',
    );

    expect(objects.map(({ name }) => name).toSorted()).toEqual(['prod-a', expect.stringMatching(/^prod-made-\w+$/)]);
  });

  test.each([
    {
      name: 'a base from the web',
      text: 'resources: ["https://example.org/base"]',
      message: /kustomization.yaml: resources names "https:\/\/example.org\/base", which is not in the source/,
    },
    {
      name: 'a base by git',
      text: 'resources: ["github.com/org/repo//base?ref=v1"]',
      message: /which is not in the source/,
    },
    { name: 'a base by ssh', text: 'resources: ["git@example.org:org/repo"]', message: /which is not in the source/ },
    { name: 'a plugin', text: 'generators: [run.yaml]', message: /generators would run programs/ },
    { name: 'a chart', text: 'helmCharts: [{name: x}]', message: /helmCharts would run programs or fetch charts/ },
    {
      name: 'what leads out of the source',
      text: 'resources: ["../../../etc/passwd"]',
      message: /build kustomization in the root: .*passwd/,
    },
    {
      name: 'what is not there',
      text: 'resources: [none.yaml]',
      message: /build kustomization in the root: .*none.yaml/,
    },
    { name: 'no map', text: '- x', message: /no kustomization: it is no map/ },
  ])('is refused with $name', async ({ text, message }) => {
    const refusal = render({ 'kustomization.yaml': text, 'run.yaml': map('x') });

    await expect(refusal).rejects.toMatchObject({ code: 'MANIFEST_INVALID', message: expect.stringMatching(message) });
    await expect(refusal).rejects.not.toThrow(/headgate-kustomize/);
  });
});

describe('a file that SOPS encrypted', () => {
  const secret = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    stringData: { password: 'correct horse' },
  });

  /** The file as `sops encrypt` writes it for this key. */
  async function encrypt({ recipient }: AgeKey): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'headgate-sops-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await writeFile(join(folder, 's.json'), secret);
    const rule = ['--encrypted-regex', '^(data|stringData)$', '--input-type', 'json', '--output-type', 'yaml'];
    return await outputOf(sops, ['encrypt', '--age', recipient, ...rule, join(folder, 's.json')], 20_000);
  }

  test('is decrypted with the key, also below a kustomization', async () => {
    const key = makeAgeKey();
    const file = await encrypt(key);
    expect(file).not.toContain('correct horse');

    const plain = await render({ 's.yaml': file }, '', { ageKeys: `# a comment\n${key.identity}\n` });
    const built = await render({ 's.yaml': file, 'kustomization.yaml': 'resources: [s.yaml]' }, '', {
      ageKeys: key.identity,
    });

    for (const [one] of [plain, built]) {
      expect(one?.object).toEqual(JSON.parse(secret));
    }
  });

  test('is refused without a key, and the Secret for it is named', async () => {
    await expect(render({ 'a.yaml': await encrypt(makeAgeKey()) })).rejects.toThrow(
      /a.yaml: SOPS encrypted it; name the Secret/,
    );
  });

  test('is refused with another key, and when somebody changed it', async () => {
    const key = makeAgeKey();
    const file = await encrypt(key);
    const other = render({ 'a.yaml': file }, '', { ageKeys: makeAgeKey().identity });

    await expect(other).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
      message: expect.stringMatching(/^decrypt a.yaml: /),
    });
    await expect(other).rejects.not.toThrow(/AGE-SECRET-KEY/);

    const changed = render({ 'a.yaml': file.replace('name: s', 'name: t') }, '', { ageKeys: key.identity });
    await expect(changed).rejects.toThrow(/decrypt a.yaml: .*MAC/s);
  });
});
