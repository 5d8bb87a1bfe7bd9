import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { identityKey, type ObjectIdentity } from './manifest-object.ts';
import { compareIdentity, inApplyOrder, inDeletionOrder, stageOf } from './stages.ts';

const kinds = [
  ['apiextensions.k8s.io', 'CustomResourceDefinition'],
  ['', 'Namespace'],
  ['', 'ConfigMap'],
  ['', 'Service'],
  ['apps', 'Deployment'],
  ['batch', 'Job'],
  ['example.org', 'Widget'],
  ['admissionregistration.k8s.io', 'ValidatingWebhookConfiguration'],
] as const;

const identity: fc.Arbitrary<ObjectIdentity> = fc
  .record({
    of: fc.constantFrom(...kinds),
    namespace: fc.constantFrom('', 'a', 'b'),
    name: fc.constantFrom('x', 'y', 'z'),
  })
  .map(({ of: [group, kind], namespace, name }) => ({ group, kind, namespace, name }));

const sets = fc.uniqueArray(identity, { selector: identityKey, maxLength: 30 });

describe('the order of objects', () => {
  test.each([
    { first: ['', 'Namespace'], second: ['', 'ConfigMap'] },
    { first: ['apiextensions.k8s.io', 'CustomResourceDefinition'], second: ['example.org', 'Widget'] },
    { first: ['', 'ServiceAccount'], second: ['apps', 'Deployment'] },
    { first: ['', 'Secret'], second: ['apps', 'StatefulSet'] },
    { first: ['rbac.authorization.k8s.io', 'Role'], second: ['rbac.authorization.k8s.io', 'RoleBinding'] },
    { first: ['rbac.authorization.k8s.io', 'RoleBinding'], second: ['batch', 'Job'] },
    { first: ['', 'ResourceQuota'], second: ['apps', 'Deployment'] },
    { first: ['apps', 'Deployment'], second: ['autoscaling', 'HorizontalPodAutoscaler'] },
    { first: ['apps', 'Deployment'], second: ['admissionregistration.k8s.io', 'ValidatingWebhookConfiguration'] },
    { first: ['example.org', 'Widget'], second: ['admissionregistration.k8s.io', 'MutatingWebhookConfiguration'] },
  ])('has $first before $second', ({ first, second }) => {
    const stages = [first, second].map(([group = '', kind = '']) => stageOf({ group, kind }));

    expect(stages[0]).toBeLessThan(stages[1] ?? 0);
  });

  test('keeps every object once, stages in order, and is the same for every order of the input', () => {
    fc.assert(
      fc.property(sets, fc.infiniteStream(fc.nat()), (objects, chances) => {
        const shuffled = objects
          .map((object) => ({ object, chance: chances.next().value ?? 0 }))
          .toSorted((left, right) => left.chance - right.chance)
          .map(({ object }) => object);
        const stages = inApplyOrder(objects);

        expect(inApplyOrder(shuffled)).toEqual(stages);
        expect(stages.flat().map(identityKey).toSorted()).toEqual(objects.map(identityKey).toSorted());
        const numbers = stages.map((stage) => new Set(stage.map(stageOf)));
        expect(numbers.every(({ size }) => size === 1)).toBe(true);
        const order = numbers.flatMap((numbersOfStage) => [...numbersOfStage]);
        expect(order).toEqual([...new Set(order)].toSorted((left, right) => left - right));
      }),
    );
  });

  test('is turned round for deletion', () => {
    fc.assert(
      fc.property(sets, (objects) => {
        expect(inDeletionOrder(objects)).toEqual(inApplyOrder(objects).toReversed());
      }),
    );
  });

  test('is total and antisymmetric', () => {
    fc.assert(
      fc.property(identity, identity, (left, right) => {
        expect(compareIdentity(left, right) + compareIdentity(right, left)).toBe(0);
        expect(compareIdentity(left, right) === 0).toBe(identityKey(left) === identityKey(right));
      }),
    );
  });
});
