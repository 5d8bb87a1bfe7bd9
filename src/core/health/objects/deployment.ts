import { findCondition } from './conditions.ts';
import { countAt } from './fields.ts';
import { current, failed, inProgress, type ObjectHealth } from './object-health.ts';
import type { JudgedObject } from './rule.ts';

/** By this value, too, a Deployment says that it has no progress deadline (HasProgressDeadline of its controller). */
const noDeadlineSeconds = 2 ** 31 - 1;

/** deploymentConditions of kstatus: the passed deadline, then the numbers, then what its controller says of itself. */
export function assessDeployment({ fields, conditions }: JudgedObject): ObjectHealth {
  const late = conditions.find(({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded');
  if (late) {
    return failed(late.reason, late.message === '' ? 'the progress deadline has passed' : late.message);
  }
  const wanted = countAt(fields, 'spec.replicas', 1);
  const total = countAt(fields, 'status.replicas', 0);
  const updated = countAt(fields, 'status.updatedReplicas', 0);
  const available = countAt(fields, 'status.availableReplicas', 0);
  const ready = countAt(fields, 'status.readyReplicas', 0);
  if (total < wanted) {
    return inProgress('LessReplicas', `${total} of ${wanted} replicas made`);
  }
  if (updated < wanted) {
    return inProgress('LessUpdated', `${updated} of ${wanted} replicas updated`);
  }
  if (total > wanted) {
    return inProgress('ExtraPods', `${total - wanted} replicas still to end`);
  }
  if (available < updated) {
    return inProgress('LessAvailable', `${available} of ${updated} replicas available`);
  }
  if (ready < wanted) {
    return inProgress('LessReady', `${ready} of ${wanted} replicas ready`);
  }
  return notConfirmed({ fields, conditions }) ?? current(`all ${wanted} replicas are updated and available`);
}

function notConfirmed({ fields, conditions }: JudgedObject): ObjectHealth | undefined {
  const hasDeadline = countAt(fields, 'spec.progressDeadlineSeconds', noDeadlineSeconds) !== noDeadlineSeconds;
  const isComplete = conditions.some(
    ({ type, status, reason }) => type === 'Progressing' && status === 'True' && reason === 'NewReplicaSetAvailable',
  );
  if (hasDeadline && !isComplete) {
    return inProgress('ReplicaSetNotAvailable', 'its new ReplicaSet is not complete yet');
  }
  const isAvailable = findCondition(conditions, 'Available', 'True') !== undefined;
  return isAvailable ? undefined : inProgress('DeploymentNotAvailable', 'its condition Available is not True yet');
}
