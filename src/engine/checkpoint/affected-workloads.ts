/** Which workloads an Update concerns, whatever its kind of deploy. */
import { type WorkloadReference, workloadKey } from '../../core/workload/workload.ts';
import type { Work } from '../deploy/deployer.ts';
import type { CheckpointContext } from './checkpoint-context.ts';

/**
 * Those of its plan, and those that its deploy finds to run the App's sources; from watched copies.
 *
 * @throws OperationError when it cannot be found out right now
 */
export async function affectedWorkloads(
  context: CheckpointContext,
  { update, journal, spec }: Work,
  signal: AbortSignal,
): Promise<readonly WorkloadReference[]> {
  const { namespace } = update.metadata;
  const planned: readonly WorkloadReference[] =
    journal.plan?.kind === 'Workloads'
      ? journal.plan.workloads.map(({ kind, name }) => ({ kind, namespace, name }))
      : [];
  const app = context.records.findApp(namespace, update.spec.app);
  const surveyed = app && spec ? (await context.deployers[spec.deploy.kind].survey(app, spec, signal)).workloads : [];
  const references = [...planned, ...surveyed.map(({ kind, name }) => ({ kind, namespace, name }))];
  return [...new Map(references.map((one) => [workloadKey(one), one])).values()];
}
