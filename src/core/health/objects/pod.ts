import { joinSome } from '../../text.ts';
import { findCondition } from './conditions.ts';
import { fieldAt, isFields, textAt } from './fields.ts';
import { current, failed, inProgress, type ObjectHealth, unknown } from './object-health.ts';
import type { AssessOptions, JudgedObject } from './rule.ts';

/** How long the scheduler may look for a node before a pod that it could not place is Failed (ScheduleWindow of kstatus). */
const scheduleWindowMs = 15_000;

/** podConditions of kstatus. A pod that ended is Current, also one that failed: it will not change any more. */
export function assessPod(pod: JudgedObject, { now }: AssessOptions): ObjectHealth {
  const phase = textAt(pod.fields, 'status.phase', '');
  switch (phase) {
    case 'Succeeded':
      return current('its containers ended well');
    case 'Failed':
      return current('its containers ended, not all well');
    case 'Running':
      return assessRunning(pod);
    case 'Pending':
      return assessPending(pod, now);
    case '':
      return inProgress('PodNotObserved', 'no node has taken it yet (no status.phase)');
    default:
      return unknown('PodPhaseUnknown', `status.phase is ${JSON.stringify(phase)}`);
  }
}

function assessRunning({ fields, conditions }: JudgedObject): ObjectHealth {
  if (findCondition(conditions, 'Ready', 'True')) {
    return current('running and ready');
  }
  const crashing = crashLoopingContainers(fields);
  return crashing.length > 0
    ? failed('ContainerCrashLooping', `containers that crash again and again: ${joinSome(crashing, ', ')}`)
    : inProgress('PodRunningNotReady', 'running, but not ready');
}

function crashLoopingContainers(fields: JudgedObject['fields']): string[] {
  const statuses = fieldAt(fields, 'status.containerStatuses');
  return (Array.isArray(statuses) ? statuses : [])
    .filter(isFields)
    .filter((container) => textAt(container, 'state.waiting.reason', '') === 'CrashLoopBackOff')
    .map((container) => textAt(container, 'name', '?'));
}

function assessPending({ fields, conditions }: JudgedObject, now: Date): ObjectHealth {
  const unplaced = findCondition(conditions, 'PodScheduled', 'False');
  if (unplaced?.reason !== 'Unschedulable') {
    return inProgress('PodPending', 'not running yet (phase Pending)');
  }
  const message = unplaced.message === '' ? 'no node can take it' : unplaced.message;
  const ageMs = now.getTime() - Date.parse(textAt(fields, 'metadata.creationTimestamp', ''));
  return ageMs < scheduleWindowMs ? inProgress('PodNotScheduled', message) : failed('PodUnschedulable', message);
}
