import { describe, expect, test } from 'vitest';
import { digest } from '../../../test/fixtures.ts';
import type { ReleasedApp } from '../../core/channel/release.ts';
import { decodeSubscription, decodeSubscriptionSpec } from '../../resources/channel/decode-subscription.ts';
import { buildApp } from './build-app.ts';

type Json = Readonly<Record<string, unknown>>;

const approvals = (required: number) => ({ approvals: { required } });

const image = { repository: 'ghcr.io/org/web', policy: { semver: { range: '*' } } };
const deploy = { workloads: { targets: [{ name: 'web' }] } };
const definition: Json = { sources: [{ name: 'image', image }], deploy, gates: approvals(9), suspend: true };

const version = {
  ...{ source: 'image', kind: 'Image' as const, location: 'ghcr.io/org/web', tag: '1.2.0', digest: digest('b') },
  target: undefined,
};

const released = (changed: Json = {}, versions: ReleasedApp['versions'] = [version]): ReleasedApp => ({
  ...{ name: 'web', namespace: 'hub', definition: JSON.stringify({ ...definition, ...changed }), versions },
});

function build(spec: Json, app = released()) {
  const object = {
    metadata: { namespace: 'shop', name: 'stable', uid: 'uid', creationTimestamp: '2026-05-04T12:00:00Z' },
    spec: { url: 'https://hub.example.com/stable/', trustedRoot: { name: 'root' }, ...spec },
  };
  const subscription = decodeSubscription(object, 'Subscription stable');
  return buildApp({ subscription, spec: decodeSubscriptionSpec(subscription), release: 'r2' }, app);
}

test('an App is fixed to the versions of the Release, and what is of the hub alone stays there', () => {
  const { namespace, name, spec } = build({});
  expect({ namespace, name }).toEqual({ namespace: 'shop', name: 'web' });
  expect(spec.sources[0]?.image?.policy).toEqual({ pinned: { tag: '1.2.0', digest: digest('b') } });
  expect([spec.gates, spec.suspend]).toEqual([undefined, undefined]);
});

test.each<{ title: string; spec: Json; namespace: string }>([
  { title: 'its own', spec: {}, namespace: 'shop' },
  { title: 'where that of the hub goes', spec: { namespaces: { hub: 'front' } }, namespace: 'front' },
  { title: 'its own where only others go elsewhere', spec: { namespaces: { other: 'front' } }, namespace: 'shop' },
  {
    title: 'what the overlay says, before all else',
    spec: { namespaces: { hub: 'front' }, overlay: [{ app: 'web', namespace: 'edge' }] },
    namespace: 'edge',
  },
])('the namespace is $title', ({ spec, namespace }) => {
  expect(build(spec).namespace).toBe(namespace);
});

test.each<{ title: string; spec: Json; required: number | undefined }>([
  { title: 'none, also where the hub has some', spec: {}, required: undefined },
  { title: 'those of the Subscription', spec: { gates: approvals(1) }, required: 1 },
  {
    title: 'those of the overlay, before them',
    spec: { gates: approvals(1), overlay: [{ app: 'web', gates: approvals(2) }] },
    required: 2,
  },
  {
    title: 'those of the Subscription where the overlay is of another App',
    spec: { gates: approvals(1), overlay: [{ app: 'api', gates: approvals(2) }] },
    required: 1,
  },
])('the gates are $title', ({ spec, required }) => {
  expect(build(spec).spec.gates?.approvals?.required).toBe(required);
});

test('of a branch only what is there of its commit too is kept', () => {
  const git = {
    ...{ url: 'https://git.example.com/org/web', branch: 'main', paths: ['deploy'] },
    ...{ minimumAge: '2h', ageFrom: 'Created', verify: { keysSecretRef: { name: 'keys' } } },
  };
  const version = {
    ...{ source: 'image', kind: 'Git' as const, location: git.url, tag: undefined, digest: `sha1:${'c'.repeat(40)}` },
    target: 'apps/web/image.tar.gz',
  };
  const { spec } = build(
    {},
    released({ sources: [{ name: 'image', git }], deploy: { manifests: { source: 'image' } } }, [version]),
  );
  const file = { subscription: 'shop/stable', path: version.target };
  expect(spec.sources[0]?.git).toEqual({
    url: git.url,
    tag: { pinned: { digest: version.digest, file } },
    verify: { ...git.verify, signed: 'Commit' },
  });
});

test('an overlay suspends one App', () => {
  expect(build({ overlay: [{ app: 'web', suspend: true }] }).spec.suspend).toBe(true);
});

describe('what cannot be followed is refused, and named', () => {
  const git = { url: 'https://git.example.com/org/web', tag: { semver: { range: '*' } } };

  test.each<{ title: string; app: ReleasedApp; says: string }>([
    {
      title: 'a source without a version',
      app: released({}, []),
      says: 'its source image has no version in the Release',
    },
    {
      title: 'git whose files the Release does not carry',
      app: released({ sources: [{ name: 'image', git }], deploy: { manifests: { source: 'image' } } }, [
        { ...version, kind: 'Git', location: git.url },
      ]),
      says: 'its source image is of kind Git, and the Release does not carry its files',
    },
  ])('$title', ({ app, says }) => {
    expect(() => build({}, app)).toThrow(`App web of r2: ${says}`);
  });
});
