/** Setting the images of a plan, and setting them back. Both are harmless to repeat at any point. */

import type { ContainerChange, WorkloadChange, WorkloadsPlan } from '../../../core/deploy/workloads-plan.ts';
import { OperationError } from '../../../core/errors.ts';
import { findContainer, type Workload } from '../../../core/workload/workload.ts';
import type { ImageSetting, WorkloadMarks, Workloads } from '../../ports/workloads.ts';

export interface PlannedSetting {
  readonly namespace: string;
  readonly plan: WorkloadsPlan;
  readonly marks: WorkloadMarks;
}

/**
 * Sets each container of the plan that still has the image of before.
 *
 * @throws UPDATE_CONFLICT when somebody else was faster: look again and decide anew
 */
export async function applyPlan(
  workloads: Workloads,
  { namespace, plan, marks }: PlannedSetting,
  signal: AbortSignal,
): Promise<void> {
  for (const change of plan.workloads) {
    const workload = await workloads.read({ kind: change.kind, namespace, name: change.name }, signal);
    if (workload?.uid !== change.uid) {
      throw new OperationError(`set images of ${change.kind}/${change.name}: it is gone or was made anew`, {
        code: 'UPDATE_CONFLICT',
        retry: 'backoff',
      });
    }
    const way: Way = { from: (one) => [one.before], to: (one) => one.after };
    await setWhereNeeded(workloads, workload, { change, way, marks }, signal);
  }
}

/** Sets back each container that carries what this Update set; what somebody else set meanwhile is left alone. */
export async function restorePlan(
  workloads: Workloads,
  { namespace, plan, marks }: PlannedSetting,
  signal: AbortSignal,
): Promise<void> {
  for (const change of plan.workloads) {
    const workload = await workloads.read({ kind: change.kind, namespace, name: change.name }, signal);
    if (workload?.uid === change.uid) {
      const way: Way = { from: (one) => [one.after, one.before], to: (one) => one.restore };
      await setWhereNeeded(workloads, workload, { change, way, marks }, signal);
    }
  }
}

interface Way {
  /** Images that may be replaced. */
  readonly from: (change: ContainerChange) => readonly string[];
  readonly to: (change: ContainerChange) => string;
}

async function setWhereNeeded(
  workloads: Workloads,
  workload: Workload,
  { change, way, marks }: { readonly change: WorkloadChange; readonly way: Way; readonly marks: WorkloadMarks },
  signal: AbortSignal,
): Promise<void> {
  const settings: ImageSetting[] = [];
  for (const one of change.containers) {
    const now = findContainer(workload, one);
    const image = way.to(one);
    if (now && now.image !== image && way.from(one).includes(now.image)) {
      settings.push({ container: one.container, init: one.init, expected: now.image, image });
    }
  }
  if (settings.length > 0) {
    await workloads.setImages(workload, settings, signal, marks);
  }
}
