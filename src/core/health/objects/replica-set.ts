import { findCondition } from './conditions.ts';
import { countAt } from './fields.ts';
import { current, inProgress, type ObjectHealth } from './object-health.ts';
import type { JudgedObject } from './rule.ts';

/** replicasetConditions of kstatus. A pod that cannot be made (quota, webhook) holds it but does not fail it. */
export function assessReplicaSet({ fields, conditions }: JudgedObject): ObjectHealth {
  const failure = findCondition(conditions, 'ReplicaFailure', 'True');
  if (failure) {
    return inProgress(
      'ReplicaFailure',
      failure.message === '' ? 'a pod could not be made or deleted' : failure.message,
    );
  }
  const wanted = countAt(fields, 'spec.replicas', 1);
  const labelled = countAt(fields, 'status.fullyLabeledReplicas', 0);
  const available = countAt(fields, 'status.availableReplicas', 0);
  const ready = countAt(fields, 'status.readyReplicas', 0);
  const total = countAt(fields, 'status.replicas', 0);
  if (labelled < wanted) {
    return inProgress('LessLabelled', `${labelled} of ${wanted} replicas have the labels of the template`);
  }
  if (available < wanted) {
    return inProgress('LessAvailable', `${available} of ${wanted} replicas available`);
  }
  if (ready < wanted) {
    return inProgress('LessReady', `${ready} of ${wanted} replicas ready`);
  }
  if (total > wanted) {
    return inProgress('ExtraPods', `${total - wanted} replicas still to end`);
  }
  return current(`all ${wanted} replicas are available`);
}
