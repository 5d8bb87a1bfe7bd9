/** Under which words an App is listed, so that what concerns few Apps need not look at all: topics of webhooks, and workloads. */
import { parseChartLocation } from '../../core/chart/chart-location.ts';
import { isOperationError } from '../../core/errors.ts';
import { parseRepository, type Repository } from '../../core/image/reference.ts';
import { parseGitLocation } from '../../core/webhook/git-location.ts';
import { topicOfGit, topicsOfRepository } from '../../core/webhook/topics.ts';
import { isAdopted } from './adopted-app.ts';
import type { SourceWire } from './app.ts';
import type { AppObjectWire } from './decode-app.ts';

/** One topic for each way in which the App's sources may be announced; none for a source whose repository is not valid. */
export function topicsOfApp(app: AppObjectWire): readonly string[] {
  return [
    ...registryRepositoriesOf(app).flatMap(topicsOfRepository),
    ...gitUrlsOf(app).flatMap((url) => topicsOfUrl(url) ?? []),
    ...[app.spec.deploy.git?.repository ?? []].flat().map(topicOfWritten),
  ];
}

/** The topic of a git repository by its URL; undefined where no server could announce it. */
export function topicsOfUrl(url: string): string | undefined {
  const location = parseGitLocation(url);
  return location && topicOfGit(location);
}

/** Apps that write into a git repository, whatever URL of it they name. */
export function topicOfWritten(url: string): string {
  return writtenUnder(topicsOfUrl(url) ?? url);
}

/** The same for a repository by the topic under which it is announced. */
export function writtenUnder(topic: string): string {
  return `written ${topic}`;
}

/**
 * The repositories in registries of the App's sources, images, charts and artifacts, those that are valid, also when the rest of
 * the App is not.
 */
export function registryRepositoriesOf(app: AppObjectWire): readonly Repository[] {
  return app.spec.sources.flatMap((source) => {
    try {
      return repositoryOf(source) ?? [];
    } catch (error) {
      if (isOperationError(error, 'REFERENCE_INVALID')) {
        return [];
      }
      throw error;
    }
  });
}

export function gitUrlsOf(app: AppObjectWire): readonly string[] {
  return app.spec.sources.flatMap(({ git }) => git?.url ?? []);
}

function repositoryOf({ image, chart, artifact }: SourceWire): Repository | undefined {
  if (chart) {
    const location = parseChartLocation(chart, 'chart');
    return location.kind === 'Oci' ? location.repository : undefined;
  }
  const text = image?.repository ?? artifact?.repository.replace(/^oci:\/\//, '');
  return text === undefined ? undefined : parseRepository(text);
}

/** Under which the App is listed for what happens in its namespace: to workloads, to a Helm release, to other Apps. */
export function neighbourTopicsOfApp(app: AppObjectWire): readonly string[] {
  const { metadata, spec, status } = app;
  const { namespace, name } = metadata;
  const { helm } = spec.deploy;
  return [
    ...workloadTopicsOfApp(app),
    ...(helm === undefined ? [] : [topicOfRelease(namespace, helm.releaseName ?? name)]),
    ...(spec.dependsOn ?? []).map((other) => topicOfDependents(namespace, other)),
    ...(status?.waiting?.reason === 'TargetConflict' ? [topicOfConflicts(namespace)] : []),
    ...(isAdopted(app) ? [topicOfAdopted(namespace)] : []),
    ...(spec.notify === undefined ? [] : [topicOfNotifiers(namespace)]),
  ];
}

/** For the workloads that it may look after: by name, or as one that chooses by other means. */
function workloadTopicsOfApp(app: AppObjectWire): readonly string[] {
  const { metadata, spec } = app;
  const targets = spec.deploy.workloads?.targets;
  const named = (targets ?? []).flatMap(({ name }) => name ?? []);
  const choosesOtherwise = looksAtWorkloads(app) && (targets?.some(({ name }) => name === undefined) ?? true);
  return [
    ...[...new Set(named)].map((name) => topicOfWorkload(metadata.namespace, name)),
    ...(choosesOtherwise ? [topicOfChoosers(metadata.namespace)] : []),
  ];
}

/** An App with objects or fields of its own watches those and no others. */
function looksAtWorkloads({ spec }: AppObjectWire): boolean {
  return spec.deploy.manifests === undefined && spec.deploy.patch === undefined;
}

/** Apps that name the workload. */
export function topicOfWorkload(namespace: string, name: string): string {
  return `workload ${namespace}/${name}`;
}

/** Apps that may look after any workload of the namespace. */
export function topicOfChoosers(namespace: string): string {
  return `chooses in ${namespace}`;
}

/** Apps that another one keeps from a workload. */
export function topicOfConflicts(namespace: string): string {
  return `conflict in ${namespace}`;
}

/** Apps that were made for a workload and make way for one that a person makes. */
export function topicOfAdopted(namespace: string): string {
  return `adopted in ${namespace}`;
}

/** Apps that look after the Helm release. */
export function topicOfRelease(namespace: string, release: string): string {
  return `release ${namespace}/${release}`;
}

/** Apps that wait until this one runs. */
export function topicOfDependents(namespace: string, app: string): string {
  return `depends on ${namespace}/${app}`;
}

/** Apps that say themselves whom to tell. */
export function topicOfNotifiers(namespace: string): string {
  return `notifies in ${namespace}`;
}
