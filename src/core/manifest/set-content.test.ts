/** What changes the content of objects before they are applied: images, and fields left to others. */
import { describe, expect, test } from 'vitest';
import { type IgnoreRule, withoutIgnored } from './ignore-rules.ts';
import type { ManifestObject } from './manifest-object.ts';
import { setPodImages } from './pod-images.ts';

const repository = { registry: 'ghcr.io', path: 'org/web' };
const digest = `sha256:${'a'.repeat(64)}`;

describe('images', () => {
  test.each([
    { name: 'a tag', image: 'ghcr.io/org/web:1', result: `ghcr.io/org/web:2@${digest}` },
    { name: 'no tag', image: 'ghcr.io/org/web', result: `ghcr.io/org/web:2@${digest}` },
    { name: 'a digest', image: `ghcr.io/org/web@sha256:${'b'.repeat(64)}`, result: `ghcr.io/org/web:2@${digest}` },
    { name: 'another repository', image: 'ghcr.io/org/web-admin:1', result: 'ghcr.io/org/web-admin:1' },
    { name: 'no image name', image: '%IMAGE%', result: '%IMAGE%' },
  ])('of $name becomes $result', ({ image, result }) => {
    const pod = (name: string) => ({ spec: { initContainers: [{ image: name }], containers: [{ image: name }, {}] } });
    const object = (name: string) => ({ kind: 'CronJob', spec: { jobTemplate: { spec: { template: pod(name) } } } });

    expect(setPodImages(object(image), [{ repository, tag: '2', digest }])).toEqual(object(result));
  });

  test('that are set already leave the very same object', () => {
    const object = { spec: { containers: [{ image: 'ghcr.io/org/web:2' }] } };

    expect(setPodImages(object, [{ repository, tag: '2' }])).toBe(object);
  });
});

function deployment(name: string, spec: object = { replicas: 3, paused: true }): ManifestObject {
  return { group: 'apps', apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'demo', name, object: { spec } };
}

const any: IgnoreRule = { group: undefined, kind: undefined, namespace: undefined, name: undefined, paths: [] };

describe('fields left to others', () => {
  test.each([
    { rule: { ...any, kind: 'Deployment', paths: ['/spec/replicas'] }, left: { paused: true } },
    { rule: { ...any, name: 'other', paths: ['/spec/replicas'] }, left: { replicas: 3, paused: true } },
    { rule: { ...any, group: 'apps', paths: ['/spec/*'] }, left: {} },
    { rule: { ...any, paths: ['/spec/absent/deeper'] }, left: { replicas: 3, paused: true } },
  ])('by $rule.paths of $rule.kind $rule.name leave $left', ({ rule, left }) => {
    expect(withoutIgnored([deployment('web')], [rule])[0]?.object).toEqual({ spec: left });
  });

  test('are the replicas of what an autoscaler of the set scales, and of nothing else', () => {
    const spec = { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } };
    const scaler = { ...deployment('web', spec), group: 'autoscaling', kind: 'HorizontalPodAutoscaler' };

    const [web, other] = withoutIgnored([deployment('web'), deployment('other'), scaler], []);

    expect(web?.object).toEqual({ spec: { paused: true } });
    expect(other?.object).toEqual({ spec: { replicas: 3, paused: true } });
  });

  test('are found in items by a pointer with escapes', () => {
    const object = deployment('web', { list: [{ 'a/b': 1, c: 2 }, { 'a/b': 3 }] });

    expect(withoutIgnored([object], [{ ...any, paths: ['/spec/list/*/a~1b'] }])[0]?.object).toEqual({
      spec: { list: [{ c: 2 }, {}] },
    });
  });
});
