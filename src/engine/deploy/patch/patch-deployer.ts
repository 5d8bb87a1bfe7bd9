/** Deploy kind `patch`: sets fields of objects of any kind, whose own controllers do the rest. */
import type { DeployPlan } from '../../../core/deploy/deploy-plan.ts';
import type { PatchPlan } from '../../../core/deploy/patch-plan.ts';
import { invariant, OperationError } from '../../../core/errors.ts';
import type { Journal } from '../../../core/update/journal.ts';
import { changesOf } from '../../../resources/update/decode-update.ts';
import type { Deployer, PlanRequest } from '../deployer.ts';
import { knownVersions } from './known-versions.ts';
import { observePatch } from './observe-patch.ts';
import { planFields, planRecordedFields } from './plan-patch.ts';
import { applyFields, rehearseFields, restoreFields } from './set-fields.ts';
import { type PatchContext, surveyPatch } from './survey-patch.ts';

export function createPatchDeployer(context: PatchContext): Deployer {
  const { objects } = context;
  return {
    async survey(app, spec, signal) {
      const { deploy } = spec;
      invariant(deploy.kind === 'Patch', 'an App that patches is surveyed as another kind');
      return await surveyPatch(context, app, { spec, deploy }, signal);
    },
    plan: async (request, signal) => await plan(context, request, signal),
    async rehearse({ update }, written, signal) {
      const refusals = await rehearseFields(objects, update.metadata.namespace, narrow(written), signal);
      return { refusals, workloads: [] };
    },
    async apply({ update, journal }, signal) {
      await applyFields(objects, update.metadata.namespace, planOf(journal), signal);
      return { kind: 'Done' };
    },
    async restore({ update, journal }, signal) {
      await restoreFields(objects, update.metadata.namespace, planOf(journal), signal);
      return { kind: 'Done' };
    },
    observe: async (work, signal) => await observePatch(context, work, planOf(work.journal), signal),
    release: ({ namespace, name }) => objects.unwatch({ of: 'Update', key: `${namespace}/${name}` }),
    forget: ({ namespace, name }) => objects.unwatch({ of: 'App', key: `${namespace}/${name}` }),
  };
}

async function plan(context: PatchContext, request: PlanRequest, signal: AbortSignal): Promise<PatchPlan | undefined> {
  const { update, spec, record, superseded } = request;
  const { namespace } = update.metadata;
  if (record) {
    const { state } = record;
    return await planRecordedFields(context.objects, { namespace, plan: narrow(record.plan), state }, signal);
  }
  if (spec?.deploy.kind !== 'Patch') {
    throw new OperationError(`plan Update ${update.metadata.name}: App ${update.spec.app} is gone or cannot be read`, {
      code: 'TARGET_NOT_FOUND',
      retry: 'never',
    });
  }
  const updates = context.records.listUpdates(namespace, update.spec.app);
  return await planFields(
    context.objects,
    {
      namespace,
      deploy: spec.deploy,
      sources: spec.sources,
      changes: changesOf(update.spec),
      superseded: superseded?.kind === 'Patch' ? superseded : undefined,
      known: (source) => knownVersions(updates, source),
    },
    signal,
  );
}

function planOf({ plan: written }: Journal): PatchPlan {
  invariant(written !== undefined, 'an Update that patches is worked on before its plan is written');
  return narrow(written);
}

function narrow(written: DeployPlan): PatchPlan {
  invariant(written.kind === 'Patch', `the plan of an Update that patches is of kind ${written.kind}`);
  return written;
}
