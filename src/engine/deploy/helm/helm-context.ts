/** What the deploy kind `helm` needs of the world. */
import type { AppSpec, Source } from '../../../core/app/app.ts';
import type { HelmPlan } from '../../../core/deploy/helm-plan.ts';
import { invariant, OperationError } from '../../../core/errors.ts';
import type { HelmDeploy } from '../../../core/helm/helm-deploy.ts';
import type { Journal } from '../../../core/update/journal.ts';
import type { Version } from '../../../core/update/version-change.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ObjectAccess } from '../../ports/cluster-objects.ts';
import type {
  ChartDefinitions,
  HelmOperations,
  HelmRehearsals,
  HelmReleases,
  OperationId,
  ReleaseKey,
  ValueDocuments,
} from '../../ports/helm.ts';
import type { Records } from '../../ports/records.ts';
import type { WatchedObjects } from '../../ports/watched-objects.ts';
import type { Workloads } from '../../ports/workloads.ts';
import type { DriftMemory } from './drift-memory.ts';

export interface HelmContext {
  readonly releases: HelmReleases;
  readonly operations: HelmOperations;
  readonly rehearsals: HelmRehearsals;
  readonly documents: ValueDocuments;
  readonly charts: ChartArchives;
  readonly definitions: ChartDefinitions;
  readonly objects: ObjectAccess;
  /** For Updates while they run. */
  readonly watched: WatchedObjects;
  /** For Apps that look after what others change. */
  readonly watchedAtRest: WatchedObjects;
  readonly workloads: Workloads;
  readonly records: Records;
  readonly clock: Clock;
  /** What was found of changes that others made; made empty. */
  readonly drift: DriftMemory;
}

export interface ChartArchives {
  /** The archive of a version of a chart source, its digest compared. */
  fetchChart(namespace: string, source: Source, version: Version, signal: AbortSignal): Promise<Uint8Array>;
}

/** @throws INVARIANT when the App is of another kind: the table of Deployers is wrong */
export function helmDeployOf(spec: AppSpec): HelmDeploy {
  invariant(spec.deploy.kind === 'Helm', `an App of deploy kind ${spec.deploy.kind} is treated as Helm release`);
  return spec.deploy;
}

/** The App's wishes while an Update runs. @throws TARGET_NOT_FOUND when the App is gone or of another kind by now */
export function wishesOf(
  spec: AppSpec | undefined,
  update: { readonly metadata: { readonly name: string } },
): {
  readonly spec: AppSpec;
  readonly deploy: HelmDeploy;
} {
  if (spec?.deploy.kind !== 'Helm') {
    const message = `Update ${update.metadata.name}: its App is gone, cannot be read, or is no Helm release any more`;
    throw new OperationError(message, { code: 'TARGET_NOT_FOUND', retry: 'never' });
  }
  return { spec, deploy: spec.deploy };
}

export function helmPlanOf({ plan }: Pick<Journal, 'plan'>): HelmPlan {
  invariant(plan?.kind === 'Helm', 'an Update of a Helm release is worked on before its plan is written');
  return plan;
}

export function releaseOf(update: { readonly metadata: { readonly namespace: string } }, plan: HelmPlan): ReleaseKey {
  return { namespace: update.metadata.namespace, name: plan.release };
}

export function operationId(
  update: { readonly metadata: { readonly namespace: string; readonly name: string } },
  plan: HelmPlan,
  step: string,
): OperationId {
  const { namespace, name } = update.metadata;
  return { release: releaseOf(update, plan), update: { namespace, name }, step };
}

/** Rights of Headgate itself where the App names no ServiceAccount, and while it cannot be read. */
export function timesOf(deploy: HelmDeploy | undefined) {
  const usualTimeoutMs = 300_000;
  return { timeoutMs: deploy?.timeoutMs ?? usualTimeoutMs, serviceAccount: deploy?.serviceAccount };
}
