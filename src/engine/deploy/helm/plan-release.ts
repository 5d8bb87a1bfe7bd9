/** The plan of an Update of a Helm release. */
import { findRejection } from '../../../core/app/rejection.ts';
import type { HelmPlan } from '../../../core/deploy/helm-plan.ts';
import { OperationError } from '../../../core/errors.ts';
import { settingsDigestOf } from '../../../core/helm/helm-deploy.ts';
import type { Revision } from '../../../core/helm/release.ts';
import { lastGood } from '../../../core/helm/release-state.ts';
import { changesOf } from '../../../resources/update/decode-update.ts';
import type { PlanRequest } from '../deployer.ts';
import { findDefinitionOneWays } from './chart-definitions.ts';
import { type HelmContext, wishesOf } from './helm-context.ts';
import { readValues } from './read-documents.ts';
import { findRenderedOneWays } from './rendered-definitions.ts';

/** @throws TARGET_NOT_FOUND, HELM_VALUES_INVALID when it cannot be done */
export async function planRelease(context: HelmContext, request: PlanRequest, signal: AbortSignal): Promise<HelmPlan> {
  return request.record === undefined
    ? await planForward(context, request, signal)
    : await planReturn(context, request, request.record, signal);
}

async function planForward(context: HelmContext, request: PlanRequest, signal: AbortSignal): Promise<HelmPlan> {
  const { update } = request;
  const { spec, deploy } = wishesOf(request.spec, update);
  const { namespace } = update.metadata;
  const app = { namespace, name: update.spec.app };
  const composed = await readValues(context.documents, app, deploy, signal);
  if (composed.problems.length > 0) {
    throw impossible(composed.problems.join('; '));
  }
  const revisions = await context.releases.read({ namespace, name: deploy.release }, signal);
  const settingsDigest = settingsDigestOf(deploy, composed.values);
  const superseded = request.superseded?.kind === 'Helm' ? request.superseded : undefined;
  // A revision that never proved itself is nothing to go back to.
  const good = superseded ? revisions.find((one) => one.number === superseded.restore) : lastGood(revisions);
  refuseRejected(context, app, { settingsDigest, good });
  const changes = changesOf(update.spec);
  const carried = await findDefinitionOneWays(context, { namespace, spec, deploy, changes }, signal);
  const plan: HelmPlan = {
    kind: 'Helm',
    release: deploy.release,
    before: revisions[0]?.number ?? 0,
    ...restoreOf(good),
    ...chartOf(good),
    settingsDigest,
    oneWays: carried,
  };
  const rendered = await findRenderedOneWays(context, { update, spec, journal: { plan } }, { deploy, good }, signal);
  return { ...plan, oneWays: [...carried, ...rendered] };
}

/** A newer chart must not bring settings into the cluster that were found bad with the one before. */
function refuseRejected(
  { records, clock }: HelmContext,
  app: { readonly namespace: string; readonly name: string },
  { settingsDigest, good }: { readonly settingsDigest: string; readonly good: Revision | undefined },
): void {
  const rejection = findRejection(records.listRejections(app.namespace), app, settingsDigest, clock.now());
  if (rejection && good?.marks?.settingsDigest !== settingsDigest) {
    throw impossible(
      `what spec.deploy.helm asks for was rejected by ${rejection.author} (${rejection.reason}); change it, or delete Rejection ${rejection.name}`,
    );
  }
}

/** Back to what another Update recorded. */
async function planReturn(
  { releases }: HelmContext,
  { update }: PlanRequest,
  record: NonNullable<PlanRequest['record']>,
  signal: AbortSignal,
): Promise<HelmPlan> {
  const { plan, state } = record;
  if (plan.kind !== 'Helm') {
    throw impossible(`go back to Update ${record.update}: it was no Update of a Helm release`);
  }
  const revisions = await releases.read({ namespace: update.metadata.namespace, name: plan.release }, signal);
  const goTo = state === 'Before' ? plan.restore : plan.revision;
  const target = revisions.find((one) => one.number === goTo);
  if (goTo === undefined || target === undefined) {
    const what = goTo === undefined ? 'nothing was installed then' : `revision ${goTo} is not kept any more`;
    throw impossible(`go back to Update ${record.update}: ${what}; spec.deploy.helm.maxHistory says how many are kept`);
  }
  return {
    kind: 'Helm',
    release: plan.release,
    before: revisions[0]?.number ?? 0,
    ...restoreOf(lastGood(revisions)),
    goTo,
    settingsDigest: target.marks?.settingsDigest ?? plan.settingsDigest,
    oneWays: [],
  };
}

function restoreOf(good: Revision | undefined): Pick<HelmPlan, 'restore' | 'restoreDigests'> {
  const digests = [good?.marks?.chartDigest, good?.marks?.settingsDigest].filter((digest) => digest !== undefined);
  return { ...(good === undefined ? {} : { restore: good.number }), restoreDigests: digests };
}

function chartOf(good: Revision | undefined): Pick<HelmPlan, 'chart'> {
  const { chartVersion, chartDigest } = good?.marks ?? {};
  return chartVersion === undefined && chartDigest === undefined
    ? {}
    : {
        chart: {
          ...(chartVersion === undefined ? {} : { version: chartVersion }),
          ...(chartDigest === undefined ? {} : { digest: chartDigest }),
        },
      };
}

function impossible(message: string): OperationError {
  return new OperationError(message, { code: 'TARGET_NOT_FOUND', retry: 'never' });
}
