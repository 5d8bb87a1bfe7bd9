/** What an App of deploy kind `git` runs, as the cluster shows it. */
import type { AppSpec } from '../../../core/app/app.ts';
import type { GitDeploy } from '../../../core/app/git-deploy.ts';
import { findSharedPlace, type GitWriter } from '../../../core/app/git-places.ts';
import { describeField } from '../../../core/app/object-field.ts';
import { OperationError } from '../../../core/errors.ts';
import { assessWorkload } from '../../../core/health/assess.ts';
import { assessDeployedObject } from '../../../core/health/deployed-object.ts';
import type { Version } from '../../../core/update/version-change.ts';
import { type AppObjectWire, readAppSpec } from '../../../resources/app/decode-app.ts';
import type { Survey } from '../deployer.ts';
import { textIn } from '../patch/held-fields.ts';
import { type Shown, type ShownContext, showVersions, workloadsOf } from './shown-versions.ts';

export async function surveyGit(
  context: ShownContext,
  app: AppObjectWire,
  { spec, deploy }: { readonly spec: AppSpec; readonly deploy: GitDeploy },
  signal: AbortSignal,
): Promise<Survey> {
  const { namespace, name } = app.metadata;
  const watcher = { of: 'App', key: `${namespace}/${name}` } as const;
  const shown = await showVersions(context, { namespace, app: name, spec, deploy, watcher }, signal);
  const workloads = workloadsOf(shown);
  return {
    versions: groupVersions(shown),
    problems: shown.problems,
    conflict: findRival(context, app, { sources: spec.sources, deploy }),
    basis: JSON.stringify(shown.versions),
    objects: [
      ...new Set([
        ...workloads.map((one) => `${one.kind}/${one.name}`),
        ...shown.held.map(({ field }) => describeField(field)),
      ]),
    ].sort(),
    workloads,
    isHealthy: () => {
      const options = { now: context.clock.now(), checks: { checks: spec.healthChecks, limit: context.limit } };
      return (
        workloads.every((workload) => assessWorkload(workload, [], new Map()).kind === 'Current') &&
        shown.held.every(({ object }) => assessDeployedObject(object.fields, options).kind === 'Current')
      );
    },
    confirm: async (inner) => await confirmShown(context, shown, inner),
  };
}

/** Of several Apps for one place the oldest has it. */
function findRival({ records }: ShownContext, app: AppObjectWire, mine: GitWriter): string | undefined {
  const age = ({ metadata }: AppObjectWire) =>
    [metadata.creationTimestamp, metadata.namespace, metadata.name].join(' ');
  const older = records.listAppsWriting(mine.deploy.url.text).filter((other) => age(other) < age(app));
  for (const other of older) {
    const read = readAppSpec(other);
    const spec = read.kind === 'Valid' ? read.value : undefined;
    const place =
      spec?.deploy.kind === 'Git' ? findSharedPlace(mine, { sources: spec.sources, deploy: spec.deploy }) : undefined;
    if (place !== undefined) {
      const { namespace, name } = other.metadata;
      return `spec.deploy.git.writers: ${place} in branch ${mine.deploy.branch} is written by App ${namespace}/${name} already; take it out of one of the two`;
    }
  }
  return undefined;
}

function groupVersions({ versions }: Shown): ReadonlyMap<string, readonly Version[]> {
  const groups = new Map<string, Map<string, Version>>();
  for (const { source, version } of versions) {
    const known = groups.get(source) ?? new Map<string, Version>();
    groups.set(source, known.set(`${version.tag}@${version.digest}`, version));
  }
  return new Map([...groups].map(([source, known]) => [source, [...known.values()]]));
}

async function confirmShown({ workloads, objects }: ShownContext, shown: Shown, signal: AbortSignal): Promise<void> {
  for (const { workload, container } of shown.containers) {
    const now = await workloads.read(workload, signal);
    const image = now?.containers.find((one) => one.name === container.name && one.init === container.init)?.image;
    if (image !== container.image) {
      throw changed(`${workload.kind}/${workload.name}`);
    }
  }
  for (const { field, object, value } of shown.held) {
    const now = await objects.read(object, signal);
    if (now?.uid !== object.uid || textIn(now, field.path) !== value) {
      throw changed(describeField(field));
    }
  }
}

function changed(what: string): OperationError {
  return new OperationError(`start an Update: ${what} changed meanwhile`, {
    code: 'UPDATE_CONFLICT',
    retry: 'backoff',
  });
}
