/** Files to objects, with the real kubectl where a kustomization asks for it. */
import { dirname } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { locateTools } from '../../../test/cluster/binaries.ts';
import type { ManifestRenderer } from '../../engine/ports/manifest-files.ts';
import type { LeftOut } from '../../engine/ports/source-tree.ts';
import { createManifestRenderer } from './renderer.ts';

const never = new AbortController().signal;
let renderer: ManifestRenderer;

beforeAll(async () => {
  const { kubectl } = await locateTools(['kubectl']);
  renderer = createManifestRenderer({ kubectl, sops: 'sops', path: dirname(kubectl) });
});

const map = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;

function render(files: Readonly<Record<string, string>>, path = '', leftOut: readonly LeftOut[] = []) {
  const tree = {
    files: Object.entries(files).map(([name, content]) => ({ path: name, content: Buffer.from(content) })),
    leftOut,
  };
  return renderer.render({ tree, path }, never);
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
      await expect(render({ 'a.yaml': map('a') }, '', [{ path: 'b.yaml', reason }])).rejects.toThrow(
        `b.yaml: it is a ${reason}`,
      );
    },
  );

  test('beside the path may be anything', async () => {
    const leftOut = [{ path: 'other/b.yaml', reason: 'SymbolicLink' }] as const;

    expect(await render({ 'deploy/a.yaml': map('a') }, 'deploy', leftOut)).toHaveLength(1);
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

test('a file that SOPS encrypted is refused without a key', async () => {
  const file = `${map('a')}data:\n  x: ENC[AES256_GCM,data:abc,iv:x,tag:y,type:str]\nsops:\n  version: 3.9.0\n`;

  await expect(render({ 'a.yaml': file })).rejects.toThrow(/a.yaml: SOPS encrypted it; name the Secret/);
});
