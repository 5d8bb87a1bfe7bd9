import { countAt, textAt } from './fields.ts';
import { current, inProgress, type ObjectHealth } from './object-health.ts';
import type { JudgedObject } from './rule.ts';

/** An update that is kept to the pods from this ordinal on; absent means that there is no partition, 0 is one. */
const noPartition = -1;

/** stsConditions of kstatus: numbers and revisions only, for its controller sets no conditions and cannot fail. */
export function assessStatefulSet({ fields }: JudgedObject): ObjectHealth {
  if (textAt(fields, 'spec.updateStrategy.type', '') === 'OnDelete') {
    return current('its pods are replaced when somebody deletes them (OnDelete)');
  }
  const wanted = countAt(fields, 'spec.replicas', 1);
  const total = countAt(fields, 'status.replicas', 0);
  const ready = countAt(fields, 'status.readyReplicas', 0);
  if (total < wanted) {
    return inProgress('LessReplicas', `${total} of ${wanted} replicas made`);
  }
  if (ready < wanted) {
    return inProgress('LessReady', `${ready} of ${wanted} replicas ready`);
  }
  if (total > wanted) {
    return inProgress('ExtraPods', `${total - wanted} replicas still to end`);
  }
  const partition = countAt(fields, 'spec.updateStrategy.rollingUpdate.partition', noPartition);
  return partition === noPartition ? assessRevision(fields, wanted) : assessPartition(fields, wanted - partition);
}

function assessPartition(fields: JudgedObject['fields'], wanted: number): ObjectHealth {
  const updated = countAt(fields, 'status.updatedReplicas', 0);
  return updated < wanted
    ? inProgress('PartitionRollout', `${updated} of ${wanted} replicas outside the partition updated`)
    : current(`the ${updated} replicas outside the partition are updated`);
}

function assessRevision(fields: JudgedObject['fields'], wanted: number): ObjectHealth {
  const currentReplicas = countAt(fields, 'status.currentReplicas', 0);
  if (currentReplicas < wanted) {
    return inProgress('LessCurrent', `${currentReplicas} of ${wanted} replicas of the current revision`);
  }
  const isSettled = textAt(fields, 'status.currentRevision', '') === textAt(fields, 'status.updateRevision', '');
  return isSettled
    ? current(`all ${wanted} replicas are updated and ready`)
    : inProgress('RevisionMismatch', 'the updated revision is not the current one yet');
}
