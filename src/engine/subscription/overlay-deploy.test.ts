import { describe, expect, test } from 'vitest';
import { type Overlay, overlayDeploy } from './overlay-deploy.ts';

const helm = {
  chart: { source: 'web' },
  values: { color: 'blue', image: { tag: '1', pull: 'Always' } },
  postRender: { patches: [{ patch: 'of the channel' }] },
};

const over = (overlay: Omit<Overlay, 'app'>) =>
  overlayDeploy({ helm }, { app: 'web', ...overlay }, 'App web of r1').helm;

describe('an overlay of an App that Helm installs', () => {
  test('without any of these fields is nothing', () => {
    expect(over({ suspend: true })).toBe(helm);
  });

  test('lays values over those of the channel: maps are merged, all else is replaced', () => {
    expect(over({ values: { color: 'green', image: { tag: '2' } } })?.values).toEqual({
      ...{ color: 'green', image: { tag: '2', pull: 'Always' } },
    });
  });

  test.each([
    {
      field: 'replicas of a Deployment',
      overlay: { replicas: [{ name: 'web', count: 3 }] },
      patch: {
        target: { kind: 'Deployment', name: '^web$' },
        patch: '[{"op":"add","path":"/spec/replicas","value":3}]',
      },
    },
    {
      field: 'replicas of a StatefulSet',
      overlay: { replicas: [{ kind: 'StatefulSet' as const, name: 'db', count: 0 }] },
      patch: {
        target: { kind: 'StatefulSet', name: '^db$' },
        patch: '[{"op":"add","path":"/spec/replicas","value":0}]',
      },
    },
    {
      field: 'the host of an Ingress',
      overlay: { hosts: [{ name: 'web.public', host: 'shop.example.com' }] },
      patch: {
        target: { kind: 'Ingress', name: '^web\\.public$' },
        patch: '[{"op":"add","path":"/spec/rules/0/host","value":"shop.example.com"}]',
      },
    },
    {
      field: 'the hosts of an HTTPRoute',
      overlay: { hosts: [{ kind: 'HTTPRoute' as const, name: 'web', host: 'shop.example.com' }] },
      patch: {
        target: { kind: 'HTTPRoute', name: '^web$' },
        patch: '[{"op":"add","path":"/spec/hostnames","value":["shop.example.com"]}]',
      },
    },
    { field: 'a patch', overlay: { patches: [{ patch: 'own' }] }, patch: { patch: 'own' } },
  ])('sets $field after the patches of the channel', ({ overlay, patch }) => {
    expect(over(overlay)?.postRender?.patches).toEqual([{ patch: 'of the channel' }, patch]);
  });
});

test.each([
  { field: 'values', overlay: { values: {} } },
  { field: 'replicas', overlay: { replicas: [] } },
  { field: 'hosts', overlay: { hosts: [] } },
  { field: 'patches', overlay: { patches: [] } },
])('$field for an App that Helm does not install is refused, naming it', ({ field, overlay }) => {
  const lay = () => overlayDeploy({ manifests: {} }, { app: 'web', ...overlay }, 'App web of r1');
  expect(lay).toThrow(`App web of r1: spec.overlay has ${field}, and it is not installed by Helm; leave it out`);
});
