/** Deploy kind `workloads`: sets the images of workloads that are already in the cluster. */
import type { DeployPlan } from '../../../core/deploy/deploy-plan.ts';
import type { WorkloadsPlan } from '../../../core/deploy/workloads-plan.ts';
import { invariant, OperationError } from '../../../core/errors.ts';
import type { Journal } from '../../../core/update/journal.ts';
import { sayVersion } from '../../../resources/app/app-status.ts';
import { changesOf, type UpdateObjectWire } from '../../../resources/update/decode-update.ts';
import type { Registry, RegistryAccesses } from '../../ports/registry.ts';
import type { Deployer, PlanRequest, Work } from '../deployer.ts';
import { observeWorkloads } from './observe-workloads.ts';
import { planFromRecord, planFromVersions } from './plan-images.ts';
import { rehearseImages } from './rehearse-images.ts';
import { applyPlan, type PlannedSetting, restorePlan } from './set-images.ts';
import { bindTargets, type SurveyContext, surveyWorkloads } from './survey-workloads.ts';

export interface WorkloadsContext extends SurveyContext {
  readonly registry: Registry;
  readonly accesses: RegistryAccesses;
}

export function createWorkloadsDeployer(context: WorkloadsContext): Deployer {
  const { workloads } = context;
  return {
    survey: async (app, spec) => surveyWorkloads(context, app, spec),
    plan: async (request, signal) => await plan(context, request, signal),
    rehearse: async (work, written, signal) => await rehearseImages(workloads, work, narrow(written), signal),
    apply: async (work, signal) => {
      await applyPlan(workloads, settingOf(work, 'forward'), signal);
      return { kind: 'Done' };
    },
    restore: async (work, signal) => {
      await restorePlan(workloads, settingOf(work, 'back'), signal);
      return { kind: 'Done' };
    },
    observe: async (work: Work, signal) => await observeWorkloads(context, work, planOf(work.journal), signal),
    release: ({ namespace, name }) => workloads.unwatchPods(`${namespace}/${name}`),
  };
}

async function plan(
  context: WorkloadsContext,
  request: PlanRequest,
  signal: AbortSignal,
): Promise<WorkloadsPlan | undefined> {
  const { update, spec, record } = request;
  const { namespace } = update.metadata;
  const present = context.workloads.list(namespace);
  if (record) {
    return planFromRecord(present, { ...record, plan: narrow(record.plan) });
  }
  if (spec?.deploy.kind !== 'Workloads') {
    throw new OperationError(`plan Update ${update.metadata.name}: App ${update.spec.app} is gone or cannot be read`, {
      code: 'TARGET_NOT_FOUND',
      retry: 'never',
    });
  }
  return await planFromVersions(
    context,
    {
      namespace,
      containers: bindTargets(spec, present).containers,
      changes: changesOf(update.spec),
      imageReference: spec.deploy.imageReference,
      superseded: request.superseded && narrow(request.superseded),
    },
    signal,
  );
}

function settingOf({ update, journal, spec }: Work, direction: 'forward' | 'back'): PlannedSetting {
  const isMarked = spec?.deploy.kind === 'Workloads' && spec.deploy.changeCause;
  const marks = isMarked ? { annotations: { [changeCauseKey]: changeCause(update, direction) } } : {};
  return { namespace: update.metadata.namespace, plan: planOf(journal), marks };
}

/** What `kubectl rollout history` shows beside each revision. */
export const changeCauseKey = 'kubernetes.io/change-cause';

function changeCause(update: UpdateObjectWire, direction: 'forward' | 'back'): string {
  const versions = changesOf(update.spec).map(({ source, from, to }) => {
    const [before, after] = direction === 'forward' ? [from, to] : [to, from];
    return `${source} ${sayVersion(before)} -> ${sayVersion(after)}`;
  });
  const end = direction === 'forward' ? '' : ', taken back';
  return `headgate: ${versions.join(', ')}${end} (Update ${update.metadata.name})`;
}

function planOf({ plan: written }: Journal): WorkloadsPlan {
  invariant(written !== undefined, 'an Update of workloads is worked on before its plan is written');
  return narrow(written);
}

function narrow(written: DeployPlan): WorkloadsPlan {
  invariant(written.kind === 'Workloads', `the plan of an Update of workloads is of kind ${written.kind}`);
  return written;
}
