import { countAt, fieldAt } from './fields.ts';
import { current, inProgress, type ObjectHealth } from './object-health.ts';
import type { JudgedObject } from './rule.ts';

const notCounted = -1;

/**
 * daemonsetConditions of kstatus. Its controller always writes observedGeneration, so that without one nothing has been
 * seen. OnDelete makes no difference here: InProgress until all pods were replaced.
 */
export function assessDaemonSet({ fields }: JudgedObject): ObjectHealth {
  if (fieldAt(fields, 'metadata.generation') === undefined) {
    return inProgress('NoGeneration', 'metadata.generation is not set');
  }
  if (fieldAt(fields, 'status.observedGeneration') === undefined) {
    return inProgress('NoObservedGeneration', 'its controller has not seen it yet (no status.observedGeneration)');
  }
  const wanted = countAt(fields, 'status.desiredNumberScheduled', notCounted);
  if (wanted === notCounted) {
    return inProgress('NoDesiredNumber', 'status.desiredNumberScheduled is not set');
  }
  const scheduled = countAt(fields, 'status.currentNumberScheduled', 0);
  const updated = countAt(fields, 'status.updatedNumberScheduled', 0);
  const available = countAt(fields, 'status.numberAvailable', 0);
  const ready = countAt(fields, 'status.numberReady', 0);
  if (scheduled < wanted) {
    return inProgress('LessCurrent', `${scheduled} of ${wanted} pods made`);
  }
  if (updated < wanted) {
    return inProgress('LessUpdated', `${updated} of ${wanted} pods updated`);
  }
  if (available < wanted) {
    return inProgress('LessAvailable', `${available} of ${wanted} pods available`);
  }
  if (ready < wanted) {
    return inProgress('LessReady', `${ready} of ${wanted} pods ready`);
  }
  return current(`all ${wanted} pods are updated and available`);
}
