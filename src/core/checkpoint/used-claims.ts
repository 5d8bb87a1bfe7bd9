/** Which claims the pods of a workload mount. */
import { countAt, type Fields, fieldAt, isFields, textAt } from '../health/objects/fields.ts';

/** The names of the claims of a Deployment, StatefulSet, DaemonSet or CronJob, each once, in the order of the object. */
export function usedClaims(workload: Fields): readonly string[] {
  const podSpec = [
    fieldAt(workload, 'spec.template.spec'),
    fieldAt(workload, 'spec.jobTemplate.spec.template.spec'),
  ].find(isFields);
  return [...new Set([...namedClaims(podSpec ?? {}), ...templateClaims(workload)])];
}

/** A StatefulSet that throws its claims away when it is scaled down: it must not be. */
export function losesClaims(workload: Fields): boolean {
  return textAt(workload, 'spec.persistentVolumeClaimRetentionPolicy.whenScaled', 'Retain') === 'Delete';
}

function namedClaims(podSpec: Fields): readonly string[] {
  return listAt(podSpec, 'volumes').flatMap((volume) => {
    const name = textAt(volume, 'persistentVolumeClaim.claimName', '');
    return name === '' ? [] : [name];
  });
}

/** https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#stable-storage */
function templateClaims(workload: Fields): readonly string[] {
  const first = countAt(workload, 'spec.ordinals.start', 0);
  const replicas = Math.max(countAt(workload, 'spec.replicas', 1), 0);
  const name = textAt(workload, 'metadata.name', '');
  const templates = listAt(fieldAt(workload, 'spec'), 'volumeClaimTemplates');
  return templates.flatMap((template) =>
    Array.from({ length: replicas }, (_, index) => `${textAt(template, 'metadata.name', '')}-${name}-${first + index}`),
  );
}

function listAt(object: unknown, field: string): readonly Fields[] {
  const value = isFields(object) ? fieldAt(object, field) : undefined;
  return Array.isArray(value) ? value.filter(isFields) : [];
}
