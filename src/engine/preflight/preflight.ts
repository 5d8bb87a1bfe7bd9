/**
 * What is looked at right before the plan of an Update is written. Nothing was changed yet; what is amiss is waited for and looked at again.
 * Where we may not see something it is left out: less rights must not hold Updates up.
 */
import type { AppSpec } from '../../core/app/app.ts';
import type { DeployPlan } from '../../core/deploy/deploy-plan.ts';
import { isOperationError } from '../../core/errors.ts';
import { textAt } from '../../core/health/objects/fields.ts';
import {
  findBudgetProblems,
  findQuotaProblems,
  type PodDemand,
  type PreflightCheck,
} from '../../core/preflight/preflight.ts';
import { joinSome } from '../../core/text.ts';
import type { Waiting } from '../../core/waiting.ts';
import { decodeDemand } from '../../resources/app/decode-limits.ts';
import type { Deployer, Rehearsal, Work } from '../deploy/deployer.ts';
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
  readonly plan: DeployPlan;
  readonly deployer: Deployer;
}

/**
 * What is not so yet; undefined: all is well. A person who goes back is not held up.
 *
 * @throws errors of the API server that pass
 */
export async function findPreflightProblem(
  context: PreflightContext,
  { work, plan, deployer }: Omit<Flight, 'spec'>,
  signal: AbortSignal,
): Promise<Waiting | undefined> {
  const { spec, update } = work;
  if (!spec || update.spec.trigger.kind === 'Rollback') {
    return undefined;
  }
  const problems = await findProblems(context, { work, spec, plan, deployer }, signal);
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
  const { work, spec, plan, deployer } = flight;
  const { checks } = spec.gates.preflight;
  const isAsked = (check: PreflightCheck) => checks?.includes(check) ?? true;
  const asksLimits = isAsked('Quota') || isAsked('DisruptionBudgets');
  const rehearsal = isAsked('DryRun') || asksLimits ? await deployer.rehearse?.(work, plan, signal) : undefined;
  const found = await Promise.all([
    isAsked('Images') ? findImageProblems(context, work, spec, signal) : [],
    whereAllowed(() => findLimitProblems(context, { ...flight, rehearsal, isAsked }, signal)),
  ]);
  const refusals = isAsked('DryRun') ? (rehearsal?.refusals ?? []) : [];
  return [...refusals.map((message) => `the API server would refuse it: ${message}`), ...found.flat()];
}

interface Limited extends Flight {
  readonly rehearsal: Rehearsal | undefined;
  readonly isAsked: (check: PreflightCheck) => boolean;
}

async function findLimitProblems(
  { limits }: PreflightContext,
  { work, plan, rehearsal, isAsked }: Limited,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { namespace } = work.update.metadata;
  const changes = plan.kind === 'Workloads' ? plan.workloads : [];
  const rehearsed = (rehearsal?.workloads ?? []).filter((one) => textAt(one, 'metadata.namespace', '') === namespace);
  const hasPods = changes.length > 0 || rehearsed.length > 0;
  const quotas = isAsked('Quota') && hasPods ? await limits.quotas(namespace, signal) : [];
  const budgets = isAsked('DisruptionBudgets') && hasPods ? await limits.disruptionBudgets(namespace, signal) : [];
  if (quotas.length === 0 && budgets.length === 0) {
    return [];
  }
  const found = await Promise.all(
    changes.map(async ({ kind, name }) => await limits.demandOf({ kind, namespace, name }, signal)),
  );
  const demands: readonly PodDemand[] = [
    ...found.filter((one) => one !== undefined),
    ...rehearsed.map((object) => decodeDemand(textAt(object, 'kind', ''), object)),
  ];
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
