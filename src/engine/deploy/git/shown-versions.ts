/** Which versions the cluster shows, in the containers and fields that a deploy of kind `git` watches. */
import { type AppSpec, locationOf } from '../../../core/app/app.ts';
import { type BoundContainer, bindContainers } from '../../../core/app/bind-containers.ts';
import type { GitDeploy } from '../../../core/app/git-deploy.ts';
import { completeVersion, describeField } from '../../../core/app/object-field.ts';
import type { TimeLimit } from '../../../core/cel/time-limit.ts';
import { versionOfImage } from '../../../core/image/version-of-image.ts';
import type { Version, VersionChange } from '../../../core/update/version-change.ts';
import { describeWorkload, type Workload } from '../../../core/workload/workload.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LiveObject, LiveObjects, ObjectWatcher } from '../../ports/live-objects.ts';
import type { Records } from '../../ports/records.ts';
import type { Workloads } from '../../ports/workloads.ts';
import { type HeldField, holdField, problemOf, referenceOf } from '../patch/held-fields.ts';
import { knownVersions } from '../patch/known-versions.ts';

export interface ShownContext {
  readonly workloads: Workloads;
  readonly objects: LiveObjects;
  readonly records: Records;
  readonly clock: Clock;
  /** For the checks that Apps bring along. */
  readonly limit: TimeLimit;
}

/** One place that shows the version of a source. */
export interface ShownVersion {
  readonly source: string;
  readonly version: Version;
  /** For people: `Deployment/web container app`. */
  readonly where: string;
}

export interface Shown {
  readonly versions: readonly ShownVersion[];
  readonly containers: readonly BoundContainer[];
  readonly held: readonly HeldField[];
  readonly problems: readonly string[];
}

export interface ShownRequest {
  readonly namespace: string;
  readonly app: string;
  readonly spec: AppSpec;
  readonly deploy: GitDeploy;
  readonly watcher: ObjectWatcher;
}

/** From watched copies. */
export async function showVersions(context: ShownContext, request: ShownRequest, signal: AbortSignal): Promise<Shown> {
  const bound = bindWatched(context, request);
  const fields = await holdWatched(context, request, signal);
  const versions = [
    ...bound.containers.map(({ workload, container, source }) => ({
      source: source.name,
      version: versionOfImage(container.image),
      where: `${describeWorkload(workload)} container ${container.name}`,
    })),
    ...fields.held.map((held) => shownBy(context, request, held)),
  ];
  const problems = [...bound.problems, ...fields.problems];
  return {
    versions,
    containers: bound.containers,
    held: fields.held,
    problems: [...problems, ...unshown(request, versions, problems)],
  };
}

function bindWatched({ workloads }: ShownContext, { namespace, spec, deploy }: ShownRequest) {
  const { targets } = deploy.watch;
  if (targets.length === 0) {
    return { containers: [], problems: [] };
  }
  const sources = spec.sources.filter((source) => source.kind === 'Image');
  const { containers, problems } = bindContainers({ sources, targets }, workloads.list(namespace));
  const own = problems.filter((problem) => !problem.startsWith('spec.sources['));
  return {
    containers,
    problems: own.map((one) => one.replaceAll('spec.deploy.workloads.targets', 'spec.deploy.git.watch.workloads')),
  };
}

async function holdWatched(
  { objects }: ShownContext,
  { namespace, deploy, watcher }: ShownRequest,
  signal: AbortSignal,
): Promise<{ readonly held: readonly HeldField[]; readonly problems: readonly string[] }> {
  const scope = { namespace, serviceAccount: undefined };
  const fields = deploy.watch.objects;
  let found: readonly (LiveObject | undefined)[] = [];
  try {
    found = await objects.watch(
      watcher,
      fields.map((field) => referenceOf(scope, field)),
      signal,
    );
  } catch (error) {
    return { held: [], problems: [problemOf(error, 'spec.deploy.git.watch.objects')] };
  }
  const held: HeldField[] = [];
  const problems: string[] = [];
  for (const [index, field] of fields.entries()) {
    const one = holdField(field, found[index], `spec.deploy.git.watch.objects[${index}]`);
    if ('problem' in one) {
      problems.push(one.problem);
    } else {
      held.push(one);
    }
  }
  return { held, problems };
}

function shownBy(
  { records }: ShownContext,
  { namespace, app, spec }: ShownRequest,
  { field, value }: HeldField,
): ShownVersion {
  const source = spec.sources.find((one) => one.name === field.source);
  const known = knownVersions(records.listUpdates(namespace, app), field.source);
  const repository = source ? locationOf(source) : '';
  return {
    source: field.source,
    version: completeVersion({ form: field.form, text: value, repository }, known),
    where: describeField(field),
  };
}

/** A source that nothing shows would be updated again and again. */
function unshown(
  { spec }: ShownRequest,
  versions: readonly ShownVersion[],
  problems: readonly string[],
): readonly string[] {
  if (problems.length > 0) {
    return [];
  }
  return spec.sources.flatMap((source, index) =>
    versions.some((one) => one.source === source.name)
      ? []
      : [
          `spec.sources[${index}]: nothing in spec.deploy.git.watch shows its version; name a workload or a field of an object`,
        ],
  );
}

/** Whether this is the version: by digest where both say one, else by tag. */
function isVersion(shown: Version, wanted: Version): boolean {
  return shown.digest !== undefined && wanted.digest !== undefined
    ? shown.digest === wanted.digest
    : shown.tag !== undefined && shown.tag === wanted.tag;
}

/**
 * Where the cluster shows another version than each change is about.
 *
 * @param side `to` while an Update goes forward, `from` while it goes back
 */
export function othersShown(
  versions: readonly ShownVersion[],
  changes: readonly VersionChange[],
  side: 'to' | 'from',
): readonly string[] {
  return versions.flatMap(({ source, version, where }) => {
    const change = changes.find((one) => one.source === source);
    const wanted = change?.[side];
    const isSaid = wanted !== undefined && (wanted.tag !== undefined || wanted.digest !== undefined);
    return isSaid && !isVersion(version, wanted)
      ? [`${where} shows ${version.tag ?? version.digest ?? 'nothing'}`]
      : [];
  });
}

export function workloadsOf({ containers }: Pick<Shown, 'containers'>): readonly Workload[] {
  return [...new Set(containers.map((one) => one.workload))];
}
