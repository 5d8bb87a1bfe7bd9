/** JSON patch operations (RFC 6902) that set and remove annotations of a workload and of its pod template. */
import type { WorkloadKind } from '../../core/workload/workload.ts';
import type { WorkloadMarks } from '../../engine/ports/workloads.ts';
import type { KubeObject } from '../../kube/objects.ts';

/**
 * @param object as it is now; where it has no annotations yet, the patch holds only for this very state of it, because another
 *   writer's first annotation would be lost
 */
export function markPatch(kind: WorkloadKind, object: KubeObject, marks: WorkloadMarks): readonly object[] {
  const template = kind === 'CronJob' ? ['spec', 'jobTemplate', 'spec', 'template'] : ['spec', 'template'];
  return [
    ...patchAt(object, ['metadata'], marks.annotations ?? {}),
    ...patchAt(object, [...template, 'metadata'], marks.podAnnotations ?? {}),
  ];
}

type Annotations = Readonly<Record<string, string | null>>;

function patchAt(object: KubeObject, path: readonly string[], wanted: Annotations): readonly object[] {
  const present = valueAt(object, [...path, 'annotations']);
  const changes = Object.entries(wanted).filter(([key, value]) => value !== null || hasKey(present, key));
  if (changes.length === 0) {
    return [];
  }
  const pointer = `/${path.join('/')}`;
  if (present === undefined) {
    const metadata = valueAt(object, path) === undefined ? [{ op: 'add', path: pointer, value: {} }] : [];
    return [
      { op: 'test', path: '/metadata/resourceVersion', value: object.metadata.resourceVersion },
      ...metadata,
      { op: 'add', path: `${pointer}/annotations`, value: Object.fromEntries(changes) },
    ];
  }
  return changes.map(([key, value]) => {
    // The API server takes no annotation whose name has a tilde.
    const at = `${pointer}/annotations/${key.replaceAll('/', '~1')}`;
    return value === null ? { op: 'remove', path: at } : { op: 'add', path: at, value };
  });
}

function hasKey(value: unknown, key: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key);
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, part) => (hasKey(at, part) ? Reflect.get(Object(at), part) : undefined), value);
}
