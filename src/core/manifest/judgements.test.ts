/** What is said about a change before it is made: what cannot be taken back, and what differs. */
import { describe, expect, test } from 'vitest';
import type { Fields } from '../health/objects/fields.ts';
import { differencesOf, formatDifference } from './differences.ts';
import { conflictingManagers, takeOver } from './field-managers.ts';
import { leftOver, toInventory } from './inventory.ts';
import { findOneWays } from './irreversible.ts';
import type { ManifestObject } from './manifest-object.ts';
import { optOutsOf } from './opt-outs.ts';

function one(group: string, kind: string, object: Fields): ManifestObject {
  return { group, apiVersion: `${group}/v1`, kind, namespace: 'demo', name: 'x', object };
}

const definition = (...versions: readonly string[]) => ({
  spec: { versions: versions.map((name, index) => ({ name, storage: index === versions.length - 1 })) },
});
const template = (image: string) => ({ spec: { template: { image } } });

describe('what cannot be taken back', () => {
  test.each([
    ['a new Job', 'batch', 'Job', undefined, template('1'), /runs once/],
    ['a Job with another template', 'batch', 'Job', template('1'), template('2'), /made anew/],
    ['a Job as it was', 'batch', 'Job', template('1'), template('1'), undefined],
    [
      'a version of a CRD that is gone',
      'apiextensions.k8s.io',
      'CustomResourceDefinition',
      definition('v1', 'v2'),
      definition('v2'),
      /no longer has v1/,
    ],
    [
      'another storage version',
      'apiextensions.k8s.io',
      'CustomResourceDefinition',
      definition('v1'),
      definition('v1', 'v2'),
      /stores objects as v2/,
    ],
    [
      'a CRD that is deleted',
      'apiextensions.k8s.io',
      'CustomResourceDefinition',
      definition('v1'),
      undefined,
      /with all its objects/,
    ],
    ['a Namespace that is deleted', '', 'Namespace', {}, undefined, /with everything in it/],
    ['a Namespace that stays', '', 'Namespace', {}, {}, undefined],
    [
      'a new selector',
      'apps',
      'Deployment',
      { spec: { selector: { a: 1 } } },
      { spec: { selector: { a: 2 } } },
      /spec.selector/,
    ],
    ['a new image', 'apps', 'Deployment', template('1'), template('2'), undefined],
    [
      'a larger volume',
      '',
      'PersistentVolumeClaim',
      { spec: { resources: { requests: { storage: '1Gi' } } } },
      { spec: { resources: { requests: { storage: '2Gi' } } } },
      /never shrinks/,
    ],
    [
      'a ConfigMap made immutable',
      '',
      'ConfigMap',
      { data: { a: '1' } },
      { data: { a: '1' }, immutable: true },
      /immutable/,
    ],
    ['a ConfigMap with other data', '', 'ConfigMap', { data: { a: '1' } }, { data: { a: '2' } }, undefined],
  ] as const)('%s', (...[, group, kind, before, after, reason]) => {
    const side = (object: Fields | undefined) => (object === undefined ? [] : [one(group, kind, object)]);

    const found = findOneWays(side(before), side(after)).map((each) => each.reason);

    expect(found).toEqual(reason === undefined ? [] : [expect.stringMatching(reason)]);
  });
});

describe('a difference', () => {
  test.each([
    ['of a value', { spec: { replicas: 1 } }, { spec: { replicas: 2 } }, ['~ spec.replicas: 1 -> 2']],
    ['of a new field', { spec: {} }, { spec: { paused: true } }, ['+ spec.paused: true']],
    ['of a field that goes', { data: { a: 'x' } }, { data: {} }, ['- data.a: x']],
    [
      'of an item put in front',
      { c: [{ name: 'web', image: '1' }] },
      { c: [{ name: 'proxy' }, { name: 'web', image: '2' }] },
      ['~ c[name=web].image: 1 -> 2', '+ c[name=proxy]: {"name":"proxy"}'],
    ],
    [
      'of a key with dots',
      { metadata: { labels: {} } },
      { metadata: { labels: { 'a.b/c': 'd' } } },
      ['+ metadata.labels["a.b/c"]: d'],
    ],
    [
      'of what only the server writes',
      { metadata: { generation: 1 } },
      { metadata: { generation: 2 }, status: {} },
      [],
    ],
    [
      'of a Secret',
      { apiVersion: 'v1', kind: 'Secret', data: { password: 'b2xk' } },
      { apiVersion: 'v1', kind: 'Secret', data: { password: 'bmV3' } },
      ['~ data.password: (secret) -> (secret)'],
    ],
    [
      'of a whole Secret',
      { apiVersion: 'v1', kind: 'Secret' },
      { apiVersion: 'v1', kind: 'Secret', stringData: { password: 'new' } },
      ['+ stringData: (secret)'],
    ],
    ['of many lines', { data: { f: 'a\nb' } }, { data: { f: 'a\nc' } }, ['~ data.f: "a\\nb" -> "a\\nc"']],
  ])('%s', (_, before, after, told) => {
    expect(differencesOf(before, after).map(formatDifference)).toEqual(told);
  });
});

describe('field managers', () => {
  const entry = (manager: string, fieldsV1: object, rest: object = {}) => ({
    manager,
    operation: 'Apply',
    apiVersion: 'v1',
    fieldsV1,
    ...rest,
  });
  const own = entry('headgate', { 'f:data': { 'f:a': {} } });

  test('of a conflict are read from its message', () => {
    const message =
      'Apply failed with 2 conflicts: conflicts with "kubectl-edit" using apps/v1:\n- .spec.replicas\nconflict with "hpa" using v1: .x';

    expect(conflictingManagers(message)).toEqual(['kubectl-edit', 'hpa']);
  });

  test.each([
    ['kubectl', entry('kubectl-client-side-apply', { 'f:data': { 'f:b': {} } }, { operation: 'Update' }), true],
    ['helm', entry('helm', { 'f:data': { 'f:b': {} } }), true],
    ['a person', entry('kubectl-edit', { 'f:data': { 'f:b': {} } }, { operation: 'Update' }), false],
    ['the scale subresource', entry('kubectl', { 'f:spec': {} }, { subresource: 'scale' }), false],
  ])('of %s', (_, other, isTaken) => {
    expect(takeOver([own, other], 'headgate')).toEqual(
      isTaken ? [{ ...own, fieldsV1: { 'f:data': { 'f:a': {}, 'f:b': {} } } }] : undefined,
    );
  });
});

describe('annotations', () => {
  test.each([
    [{ 'headgate.dev/prune': 'disabled' }, { keep: true }],
    [{ 'kustomize.toolkit.fluxcd.io/prune': 'Disabled' }, { keep: true }],
    [{ 'kustomize.toolkit.fluxcd.io/ssa': 'Ignore' }, { ignore: true }],
    [{ 'kustomize.toolkit.fluxcd.io/reconcile': 'disabled' }, { ignore: true }],
    [{ 'kustomize.toolkit.fluxcd.io/ssa': 'IfNotPresent' }, { onlyCreate: true }],
    [{ 'kustomize.toolkit.fluxcd.io/force': 'enabled' }, { recreate: true }],
    [{ 'kustomize.toolkit.fluxcd.io/ssa': 'Merge' }, {}],
  ])('%j ask for %j', (annotations, asked) => {
    const nothing = { keep: false, ignore: false, onlyCreate: false, recreate: false };

    expect(optOutsOf({ metadata: { annotations } })).toEqual({ ...nothing, ...asked });
  });
});

test('what left the manifests is pruned, unless it asked to stay', () => {
  const entry = (name: string, rest: object = {}) => ({
    ...{ group: '', apiVersion: 'v1', kind: 'ConfigMap', namespace: 'demo', name },
    ...{ uid: 'u', desiredHash: 'd', ownedHash: 'o', resourceVersion: '1', ...rest },
  });
  const [stays, goes, kept] = [entry('x'), entry('goes'), entry('kept', { keep: true })];

  const wanted = { ...one('', 'ConfigMap', {}), apiVersion: 'v1' };

  expect(leftOver(toInventory([stays, goes, kept]), [wanted])).toEqual({ prune: [goes], keep: [kept] });
});
