/** What an App of deploy kind `workloads` looks after, from watched copies. */
import { isDeepStrictEqual } from 'node:util';
import type { AppSpec, WorkloadsDeploy } from '../../../core/app/app.ts';
import { type Binding, bindContainers } from '../../../core/app/bind-containers.ts';
import { type Claim, findConflict } from '../../../core/app/claims.ts';
import { OperationError } from '../../../core/errors.ts';
import { assessWorkload } from '../../../core/health/assess.ts';
import { versionOfImage } from '../../../core/image/version-of-image.ts';
import type { Version } from '../../../core/update/version-change.ts';
import { describeWorkload, type Workload, workloadKinds } from '../../../core/workload/workload.ts';
import { isAdopted } from '../../../resources/app/adopted-app.ts';
import { type AppObjectWire, readAppSpec } from '../../../resources/app/decode-app.ts';
import type { Records } from '../../ports/records.ts';
import type { Workloads } from '../../ports/workloads.ts';
import type { Survey } from '../deployer.ts';

export interface SurveyContext {
  readonly workloads: Workloads;
  readonly records: Records;
}

/** Containers that the App follows; none when it has another kind of deploy. */
export function bindTargets(spec: AppSpec, workloads: readonly Workload[]): Binding {
  return spec.deploy.kind === 'Workloads' ? bind(spec, spec.deploy, workloads) : { containers: [], problems: [] };
}

function bind(spec: AppSpec, deploy: WorkloadsDeploy, workloads: readonly Workload[]): Binding {
  return bindContainers({ sources: spec.sources.filter((source) => source.kind === 'Image'), ...deploy }, workloads);
}

export function surveyWorkloads(context: SurveyContext, app: AppObjectWire, spec: AppSpec): Survey {
  const binding = bindTargets(spec, listChoosable(context.workloads, app.metadata.namespace, spec));
  const workloads = [...new Set(binding.containers.map((one) => one.workload))];
  const { containers, problems } = binding;
  return {
    versions: versionsOf(binding),
    problems,
    conflict:
      problems.length > 0 ? undefined : findConflict(claimOf(app, workloads), otherClaims(context, app, workloads)),
    basis: JSON.stringify(containers.map((one) => `${one.workload.uid}/${one.container.name}=${one.container.image}`)),
    objects: workloads.map((workload) => `${workload.kind}/${workload.name}`).sort(),
    workloads,
    isHealthy: () => workloads.every((workload) => assessWorkload(workload, [], new Map()).kind === 'Current'),
    confirm: async (signal) => await confirmImages(context, workloads, signal),
  };
}

/** Every workload that the targets can choose: all of the namespace only where one of them chooses by labels. */
function listChoosable(workloads: Workloads, namespace: string, { deploy }: AppSpec): readonly Workload[] {
  if (deploy.kind !== 'Workloads') {
    return [];
  }
  const names: string[] = [];
  for (const { choose } of deploy.targets) {
    if (choose.by === 'labels') {
      return workloads.list(namespace);
    }
    names.push(choose.name);
  }
  return [...new Set(names)].flatMap((name) =>
    workloadKinds.flatMap((kind) => workloads.find({ kind, namespace, name }) ?? []),
  );
}

function versionsOf({ containers }: Binding): ReadonlyMap<string, readonly Version[]> {
  const versions = new Map<string, Map<string, Version>>();
  for (const { container, source } of containers) {
    const version = versionOfImage(container.image);
    const known = versions.get(source.name) ?? new Map<string, Version>();
    versions.set(source.name, known.set(`${version.tag}@${version.digest}`, version));
  }
  return new Map([...versions].map(([source, known]) => [source, [...known.values()]]));
}

function claimOf(app: AppObjectWire, workloads: readonly Workload[]): Claim {
  const { name, creationTimestamp } = app.metadata;
  return { app: name, createdAt: new Date(creationTimestamp), adopted: isAdopted(app), workloads };
}

/** What the other Apps of the namespace claim of these workloads; more need not be known of them. */
function otherClaims({ records }: SurveyContext, app: AppObjectWire, workloads: readonly Workload[]): Claim[] {
  const { namespace, name } = app.metadata;
  const names = workloads.map((workload) => workload.name);
  const others = records.listAppsOn(namespace, names).filter((other) => other.metadata.name !== name);
  return others.flatMap((other) => {
    const spec = readAppSpec(other);
    if (spec.kind === 'Invalid') {
      return [];
    }
    const claimed = bindTargets(spec.value, workloads).containers.map((one) => one.workload);
    return claimed.length === 0 ? [] : [claimOf(other, claimed)];
  });
}

async function confirmImages(context: SurveyContext, seen: readonly Workload[], signal: AbortSignal): Promise<void> {
  for (const workload of seen) {
    const now = await context.workloads.read(workload, signal);
    if (!isDeepStrictEqual(now?.containers, workload.containers)) {
      throw new OperationError(`start an Update: the images of ${describeWorkload(workload)} changed meanwhile`, {
        code: 'UPDATE_CONFLICT',
        retry: 'backoff',
      });
    }
  }
}
