import { describe, expect, test } from 'vitest';
import { setKustomizationImages } from './set-kustomization-images.ts';

const digest = `sha256:${'b'.repeat(64)}`;
const images = [
  { name: 'ghcr.io/shop/web', tag: '2.0' },
  { name: 'nginx', tag: '1.27', digest },
];
const header = 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n';
const set = (text: string, file = 'deploy/kustomization.yaml') => setKustomizationImages(text, images, file);

describe('entries of images', () => {
  test.each([
    {
      title: 'newTag',
      entry: '- name: ghcr.io/shop/web\n  newTag: v1 # x\n',
      becomes: '- name: ghcr.io/shop/web\n  newTag: "2.0" # x\n',
    },
    {
      title: 'newName decides',
      entry: '- name: web\n  newName: ghcr.io/shop/web\n  newTag: v1\n',
      becomes: '- name: web\n  newName: ghcr.io/shop/web\n  newTag: "2.0"\n',
    },
    {
      title: 'newName is another one',
      entry: '- name: ghcr.io/shop/web\n  newName: mirror/web\n  newTag: v1\n',
      becomes: undefined,
    },
    {
      title: 'in braces',
      entry: '- {name: ghcr.io/shop/web, newTag: v1}\n',
      becomes: '- {name: ghcr.io/shop/web, newTag: "2.0"}\n',
    },
    {
      title: 'digest alone',
      entry: '- name: nginx\n  digest: sha256:0\n',
      becomes: `- name: nginx\n  digest: ${digest}\n`,
    },
    {
      title: 'both',
      entry: '- name: nginx\n  newTag: "1"\n  digest: sha256:0\n',
      becomes: `- name: nginx\n  newTag: "1.27"\n  digest: ${digest}\n`,
    },
    {
      title: 'another spelling of the repository',
      entry: '- name: docker.io/library/nginx\n  newTag: "1"\n',
      becomes: '- name: docker.io/library/nginx\n  newTag: "1.27"\n',
    },
    {
      title: 'a stale digest beside a tag is emptied',
      entry: '- name: ghcr.io/shop/web\n  newTag: v1\n  digest: sha256:0\n',
      becomes: '- name: ghcr.io/shop/web\n  newTag: "2.0"\n  digest: ""\n',
    },
    { title: 'no image name', entry: '- name: "*"\n  newTag: v1\n', becomes: undefined },
  ])('$title', ({ entry, becomes }) => {
    expect(set(`${header}images:\n${entry}`)).toMatchObject({
      kind: 'Written',
      text: `${header}images:\n${becomes ?? entry}`,
    });
  });
});

describe('which documents', () => {
  const list = 'images:\n- name: ghcr.io/shop/web\n  newTag: v1\n';
  test.each([
    { title: 'of kustomize', text: `${header}${list}`, file: 'any.yaml', count: 1 },
    {
      title: 'a Component',
      text: `apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n${list}`,
      file: 'a.yaml',
      count: 1,
    },
    { title: 'without kind, by its name', text: list, file: 'a/kustomization.yml', count: 1 },
    { title: 'without kind and name', text: list, file: 'a.yaml', count: 0 },
    {
      title: 'a file of another kind',
      text: `apiVersion: v1\nkind: ConfigMap\n${list}`,
      file: 'a/kustomization.yaml',
      count: 0,
    },
    {
      title: 'of Flux',
      text: `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec:\n  ${list.replaceAll('\n', '\n  ')}\n`,
      file: 'a.yaml',
      count: 1,
    },
    { title: 'a template', text: `{{ if }}\n${list}`, file: 'templates/a.yaml', count: 0 },
  ])('$title: $count', ({ text, file, count }) => {
    expect(set(text, file)).toMatchObject({
      kind: 'Written',
      changes: Array.from({ length: count }, () => expect.anything()),
    });
  });

  test('names the path and what has a place', () => {
    expect(set(`${header}images:\n- name: x\n- name: ghcr.io/shop/web\n  newTag: v1\n`)).toMatchObject({
      changes: [{ line: 6, path: 'images[1].newTag', old: 'v1', new: '2.0' }],
      named: new Set(['ghcr.io/shop/web']),
    });
  });
});

describe('what cannot be set is said, with its line', () => {
  test.each([
    {
      entry: '- name: ghcr.io/shop/web\n',
      reason: 'images[0] has neither newTag nor digest; write newTag: with any value into it once',
    },
    {
      entry: '- name: ghcr.io/shop/web\n  digest: sha256:0\n',
      reason: 'images[0] has a digest and no newTag, and this version has no digest',
    },
    { entry: '- name: ghcr.io/shop/web\n  newTag: *x\n', reason: 'images[0]: newTag is an alias' },
  ])('$reason', ({ entry, reason }) => {
    expect(set(`${header}x: &x 1\nimages:\n${entry}`)).toEqual({
      kind: 'Broken',
      line: expect.any(Number),
      reason: expect.stringContaining(reason),
    });
  });
});
