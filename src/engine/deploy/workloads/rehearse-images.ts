/** Every image that will be set, as a trial: what admission refuses is known before anything is changed. */
import type { WorkloadsPlan } from '../../../core/deploy/workloads-plan.ts';
import type { Workloads } from '../../ports/workloads.ts';
import type { Rehearsal, Work } from '../deployer.ts';
import { refusalsIn } from '../refusals-in.ts';

/** @throws errors of the API server that pass */
export async function rehearseImages(
  workloads: Workloads,
  { update }: Pick<Work, 'update'>,
  plan: WorkloadsPlan,
  signal: AbortSignal,
): Promise<Rehearsal> {
  const { namespace } = update.metadata;
  const refusals: string[] = [];
  for (const { kind, name, containers } of plan.workloads) {
    const workload = workloads.find({ kind, namespace, name });
    const settings = containers
      .filter(({ before, after }) => before !== after)
      .map(({ container, init, before, after }) => ({ container, init, expected: before, image: after }));
    if (workload && settings.length > 0) {
      try {
        await workloads.setImages(workload, settings, signal, { dryRun: true });
      } catch (error) {
        refusals.push(...refusalsIn(error));
      }
    }
  }
  return { refusals, workloads: [] };
}
