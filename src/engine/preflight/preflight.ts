/**
 * What is looked at right before the plan of an Update is written. Nothing was changed yet; what is amiss is waited for and looked at again.
 * Where we may not see something it is left out: less rights must not hold Updates up.
 */
import type { AppSpec } from '../../core/app/app.ts';
import type { DeployPlan } from '../../core/deploy/deploy-plan.ts';
import type { WorkloadChange } from '../../core/deploy/workloads-plan.ts';
import { isOperationError } from '../../core/errors.ts';
import { findBudgetProblems, findQuotaProblems, type PreflightCheck } from '../../core/preflight/preflight.ts';
import { joinSome } from '../../core/text.ts';
import type { Waiting } from '../../core/waiting.ts';
import type { Work } from '../deploy/deployer.ts';
import type { Clock } from '../ports/clock.ts';
import type { NamespaceLimits } from '../ports/namespace-limits.ts';
import type { Workloads } from '../ports/workloads.ts';
import { findImageProblems, type ImageContext } from './find-image-problems.ts';
import { type DataVersionContext, lookAtDataVersion } from './look-at-data-version.ts';

export interface PreflightContext extends ImageContext, DataVersionContext {
  readonly clock: Clock;
  readonly limits: NamespaceLimits;
  readonly workloads: Workloads;
}

/** How soon it is looked at again. */
const retryMs = 60_000;

interface Flight {
  readonly work: Work;
  readonly spec: AppSpec;
  readonly changes: readonly WorkloadChange[];
}

/**
 * What is not so yet; undefined: all is well. A person who goes back is not held up.
 *
 * @throws errors of the API server that pass
 */
export async function findPreflightProblem(
  context: PreflightContext,
  work: Work,
  plan: DeployPlan,
  signal: AbortSignal,
): Promise<Waiting | undefined> {
  const { spec, update } = work;
  if (!spec || update.spec.trigger.kind === 'Rollback') {
    return undefined;
  }
  const flight = { work, spec, changes: plan.kind === 'Workloads' ? plan.workloads : [] };
  const problems = await findProblems(context, flight, signal);
  if (problems.length > 0) {
    const until = new Date(context.clock.now().getTime() + retryMs);
    return { reason: 'Preflight', message: joinSome(problems, '; '), until };
  }
  return await lookAtDataVersion(context, { work, spec }, signal);
}

async function findProblems(
  context: PreflightContext,
  flight: Flight,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { checks } = flight.spec.gates.preflight;
  const isAsked = (check: PreflightCheck) => checks?.includes(check) ?? true;
  const found = await Promise.all([
    isAsked('DryRun') ? tryImages(context, flight, signal) : [],
    isAsked('Images') ? findImageProblems(context, flight.work, flight.spec, signal) : [],
    whereAllowed(() => findLimitProblems(context, flight, { isAsked, signal })),
  ]);
  return found.flat();
}

/** Every image that will be set, as a trial: what admission refuses is known before anything is changed. */
async function tryImages(
  { workloads }: PreflightContext,
  { work, changes }: Flight,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { namespace } = work.update.metadata;
  const problems: string[] = [];
  for (const { kind, name, containers } of changes) {
    const workload = workloads.find({ kind, namespace, name });
    const settings = containers
      .filter(({ before, after }) => before !== after)
      .map(({ container, init, before, after }) => ({ container, init, expected: before, image: after }));
    if (workload && settings.length > 0) {
      try {
        await workloads.setImages(workload, settings, signal, { dryRun: true });
      } catch (error) {
        if (!isOperationError(error) || !['API_INVALID', 'API_REJECTED', 'API_FORBIDDEN'].includes(error.code)) {
          throw error;
        }
        problems.push(`the API server would refuse it: ${error.message}`);
      }
    }
  }
  return problems;
}

async function findLimitProblems(
  { limits }: PreflightContext,
  { work, changes }: Flight,
  { isAsked, signal }: { readonly isAsked: (check: PreflightCheck) => boolean; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const { namespace } = work.update.metadata;
  const quotas = isAsked('Quota') && changes.length > 0 ? await limits.quotas(namespace, signal) : [];
  const budgets =
    isAsked('DisruptionBudgets') && changes.length > 0 ? await limits.disruptionBudgets(namespace, signal) : [];
  if (quotas.length === 0 && budgets.length === 0) {
    return [];
  }
  const found = await Promise.all(
    changes.map(async ({ kind, name }) => await limits.demandOf({ kind, namespace, name }, signal)),
  );
  const demands = found.filter((one) => one !== undefined);
  return [...findQuotaProblems(quotas, demands), ...findBudgetProblems(budgets, demands)];
}

async function whereAllowed(look: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await look();
  } catch (error) {
    if (isOperationError(error, 'API_FORBIDDEN')) {
      return [];
    }
    throw error;
  }
}
