/** Deploy kind `git`: writes versions into a repository, and lets whoever applies it do the rest. */
import type { GitPlan } from '../../../core/deploy/git-plan.ts';
import { invariant, OperationError } from '../../../core/errors.ts';
import { changesOf } from '../../../resources/update/decode-update.ts';
import type { Deployer, PlanRequest, Work } from '../deployer.ts';
import type { GitContext, GitWork } from './git-context.ts';
import { observeGit } from './observe-git.ts';
import { planGit } from './plan-git.ts';
import { pushUpdate } from './push-update.ts';
import { surveyGit } from './survey-git.ts';
import { takeBack } from './take-back.ts';

export function createGitDeployer(context: GitContext): Deployer {
  const { objects, workloads } = context;
  return {
    async survey(app, spec, signal) {
      const { deploy } = spec;
      invariant(deploy.kind === 'Git', 'an App that writes into git is surveyed as another kind');
      return await surveyGit(context, app, { spec, deploy }, signal);
    },
    plan: async (request) => plan(request),
    apply: async (work, signal) => await pushUpdate(context, narrow(work, signal)),
    restore: async (work, signal) => await takeBack(context, narrow(work, signal)),
    observe: async (work, signal) => await observeGit(context, narrow(work, signal)),
    release({ namespace, name }) {
      objects.unwatch({ of: 'Update', key: `${namespace}/${name}` });
      workloads.unwatchPods(`${namespace}/${name}`);
    },
    forget: ({ namespace, name }) => objects.unwatch({ of: 'App', key: `${namespace}/${name}` }),
  };
}

/** A rollback that a person asks for is written like any other version: its changes say where to go. */
function plan({ update, spec, superseded }: PlanRequest): GitPlan {
  if (spec?.deploy.kind !== 'Git') {
    throw new OperationError(`plan Update ${update.metadata.name}: App ${update.spec.app} is gone or cannot be read`, {
      code: 'TARGET_NOT_FOUND',
      retry: 'never',
    });
  }
  return planGit({
    spec,
    deploy: spec.deploy,
    changes: changesOf(update.spec),
    superseded: superseded?.kind === 'Git' ? superseded : undefined,
  });
}

function narrow(work: Work, signal: AbortSignal): GitWork {
  const { plan: written } = work.journal;
  invariant(written?.kind === 'Git', 'an Update that writes into git is worked on before its plan is written');
  return { ...work, plan: written, signal };
}
