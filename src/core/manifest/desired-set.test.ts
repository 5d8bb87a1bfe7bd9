import { describe, expect, test } from 'vitest';
import { makeDesiredSet, type ReadObject, type Scope } from './desired-set.ts';

const scopes: Readonly<Record<string, Scope>> = {
  'v1 ConfigMap': 'Namespaced',
  'v1 Namespace': 'Cluster',
  'apiextensions.k8s.io/v1 CustomResourceDefinition': 'Cluster',
};

function read(kind: string, name: string, rest: Partial<ReadObject> & { readonly line?: number } = {}): ReadObject {
  const { line = 1, ...given } = rest;
  const apiVersion = given.apiVersion ?? 'v1';
  return {
    apiVersion,
    kind,
    namespace: '',
    name,
    object: { apiVersion, kind, metadata: { name } },
    place: { file: 'web.yaml', document: 1, line },
    ...given,
  };
}

function make(...objects: readonly ReadObject[]) {
  const scopeOf = (apiVersion: string, kind: string) => scopes[`${apiVersion} ${kind}`] ?? 'Unknown';
  return makeDesiredSet({ read: objects, scopeOf, defaultNamespace: 'demo' });
}

const widgets = read('CustomResourceDefinition', 'widgets.example.org', {
  apiVersion: 'apiextensions.k8s.io/v1',
  object: {
    spec: {
      group: 'example.org',
      scope: 'Cluster',
      names: { kind: 'Widget' },
      versions: [{ name: 'v1', served: true }],
    },
  },
});

describe('a set', () => {
  test('gives namespaced objects the namespace of the App, and others none', () => {
    const { objects, problems } = make(read('ConfigMap', 'a'), read('Namespace', 'b', { namespace: 'wrong' }));

    expect(problems).toEqual([]);
    expect(objects.map(({ namespace, object }) => [namespace, object['metadata']])).toEqual([
      ['demo', { name: 'a', namespace: 'demo' }],
      ['', { name: 'b' }],
    ]);
  });

  test('leaves out what only the API server writes', () => {
    const metadata = {
      name: 'a',
      uid: 'u',
      resourceVersion: '1',
      managedFields: [],
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', kept: 'yes' },
    };
    const { objects } = make(read('ConfigMap', 'a', { object: { metadata, data: {}, status: {} } }));

    expect(objects[0]?.object).toEqual({
      metadata: { name: 'a', namespace: 'demo', annotations: { kept: 'yes' } },
      data: {},
    });
  });

  test('knows the kinds that its own definitions define', () => {
    const { objects, problems } = make(read('Widget', 'w', { apiVersion: 'example.org/v1', namespace: 'x' }), widgets);

    expect(problems).toEqual([]);
    expect(objects[0]).toMatchObject({ kind: 'Widget', group: 'example.org', namespace: '' });
  });

  test.each([
    {
      name: 'an object that is there twice',
      objects: [read('ConfigMap', 'a', { line: 3 }), read('ConfigMap', 'a', { namespace: 'demo', line: 9 })],
      problem:
        /^ConfigMap demo\/a is there twice: web.yaml, document 1, line 3 and web.yaml, document 1, line 9; remove/,
    },
    {
      name: 'an unknown kind',
      objects: [read('Gadget', 'g', { line: 4 })],
      problem: /^Gadget g \(web.yaml, document 1, line 4\): the API server has no kind Gadget in v1; correct/,
    },
    {
      name: 'a version that the definition does not have',
      objects: [widgets, read('Widget', 'w', { apiVersion: 'example.org/v2' })],
      problem: /no kind Widget in example.org\/v2/,
    },
  ])('tells of $name', ({ objects, problem }) => {
    expect(make(...objects).problems).toEqual([expect.stringMatching(problem)]);
  });
});
