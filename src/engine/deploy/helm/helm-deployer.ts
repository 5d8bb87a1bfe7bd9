/** Deploy kind `helm`: a chart, installed and upgraded by the real Helm; whether it is good is judged here. */
import type { Deployer } from '../deployer.ts';
import { applyRelease } from './apply-release.ts';
import { type HelmContext, helmPlanOf } from './helm-context.ts';
import { observeRelease } from './observe-release.ts';
import { planRelease } from './plan-release.ts';
import { rehearseRelease } from './rehearse-release.ts';
import { restoreRelease } from './restore-release.ts';
import { changesOfRelease, standingReleaseObjects } from './show-release.ts';
import { surveyRelease } from './survey-release.ts';
import { testRelease } from './test-release.ts';

export function createHelmDeployer(context: HelmContext): Deployer {
  return {
    survey: async (app, spec, signal) => await surveyRelease(context, app, spec, signal),
    plan: async (request, signal) => await planRelease(context, request, signal),
    rehearse: async (work, plan, signal) =>
      await rehearseRelease(context, work, helmPlanOf({ ...work.journal, plan }), signal),
    apply: async (work, signal) => await applyRelease(context, work, signal),
    restore: async (work, signal) => await restoreRelease(context, work, signal),
    test: async (work, run, signal) => await testRelease(context, work, run, signal),
    observe: async (work, signal) => await observeRelease(context, work, signal),
    standing: async (app, spec, signal) => await standingReleaseObjects(context, app, spec, signal),
    changes: async (update, signal) => await changesOfRelease(context, update, signal),
    release: (update) => {
      const { namespace, name } = update;
      context.operations.forget({ namespace, name });
      context.watched.unwatch({ namespace, name });
      context.workloads.unwatchPods(`${namespace}/${name}`);
    },
    forget: ({ namespace, name }) => {
      const key = `${namespace}/${name}`;
      context.documents.unwatch(key);
      context.watchedAtRest.unwatch({ namespace, name });
      context.drift.delete(key);
    },
  };
}
