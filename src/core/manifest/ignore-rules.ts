/**
 * Fields that somebody else looks after: they are left out of what is applied, so that they are neither owned nor put back.
 *
 * The replicas of what a HorizontalPodAutoscaler of the same set scales are left out without being asked.
 */
import { type Fields, fieldAt, isFields, textAt } from '../health/objects/fields.ts';
import { groupOf, type ManifestObject } from './manifest-object.ts';

export interface IgnoreRule {
  /** Undefined: any. */
  readonly group: string | undefined;
  readonly kind: string | undefined;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  /** JSON pointers (RFC 6901), e.g. `/spec/replicas`; a segment `*` is any key or item. */
  readonly paths: readonly string[];
}

/** The objects without the fields that the rules, or an autoscaler among them, leave to others. */
export function withoutIgnored(
  objects: readonly ManifestObject[],
  rules: readonly IgnoreRule[],
): readonly ManifestObject[] {
  const all = [...rules, ...objects.flatMap(scaledBy)];
  return all.length === 0 ? objects : objects.map((one) => removeFrom(one, all));
}

function scaledBy({ group, kind, namespace, object }: ManifestObject): readonly IgnoreRule[] {
  if (group !== 'autoscaling' || kind !== 'HorizontalPodAutoscaler') {
    return [];
  }
  const target = fieldAt(object, 'spec.scaleTargetRef');
  if (!isFields(target)) {
    return [];
  }
  return [
    {
      group: groupOf(textAt(target, 'apiVersion', 'apps/v1')),
      kind: textAt(target, 'kind', ''),
      namespace,
      name: textAt(target, 'name', ''),
      paths: ['/spec/replicas'],
    },
  ];
}

function removeFrom(one: ManifestObject, rules: readonly IgnoreRule[]): ManifestObject {
  let { object } = one;
  for (const rule of rules) {
    if (isFor(rule, one)) {
      object = rule.paths.reduce((rest, path) => removePath(rest, segmentsOf(path)), object);
    }
  }
  return object === one.object ? one : { ...one, object };
}

function isFor(rule: IgnoreRule, one: ManifestObject): boolean {
  return (['group', 'kind', 'namespace', 'name'] as const).every(
    (part) => rule[part] === undefined || rule[part] === one[part],
  );
}

function segmentsOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function removePath(object: Fields, path: readonly string[]): Fields {
  const removed = remove(object, path);
  return isFields(removed) ? removed : object;
}

function remove(value: unknown, [segment, ...rest]: readonly string[]): unknown {
  if (segment === undefined) {
    return value;
  }
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) =>
      segment === '*' || segment === String(index) ? remove(item, rest) : item,
    );
  }
  if (!isFields(value)) {
    return value;
  }
  const entries = Object.entries(value).flatMap(([name, inner]): [string, unknown][] => {
    if (segment !== '*' && segment !== name) {
      return [[name, inner]];
    }
    return rest.length === 0 ? [] : [[name, remove(inner, rest)]];
  });
  return Object.fromEntries(entries);
}
