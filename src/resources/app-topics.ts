/** Under which words an App is listed, so that what concerns few Apps need not look at all: topics of webhooks, and workloads. */
import { isOperationError } from '../core/errors.ts';
import { parseRepository, type Repository } from '../core/image/reference.ts';
import { topicsOfRepository } from '../core/webhook/topics.ts';
import { isAdopted } from './adopted-app.ts';
import type { AppObjectWire } from './decode-app.ts';

/** One topic for each way in which the App's sources may be announced; none for a source whose repository is not valid. */
export function topicsOfApp(app: AppObjectWire): readonly string[] {
  return imageRepositoriesOf(app).flatMap(topicsOfRepository);
}

/** The repositories of the App's sources, those that are valid, also when the rest of the App is not. */
export function imageRepositoriesOf(app: AppObjectWire): readonly Repository[] {
  return app.spec.sources.flatMap(({ image }) => {
    if (image === undefined) {
      return [];
    }
    try {
      return [parseRepository(image.repository)];
    } catch (error) {
      if (isOperationError(error, 'REFERENCE_INVALID')) {
        return [];
      }
      throw error;
    }
  });
}

/**
 * Under which the App is listed for the workloads that it may look after: by name, or as one that chooses by other means. And, while another
 * App keeps it from one, under conflicts.
 */
export function workloadTopicsOfApp(app: AppObjectWire): readonly string[] {
  const { metadata, spec, status } = app;
  const { namespace } = metadata;
  const targets = spec.deploy.workloads?.targets;
  const named = (targets ?? []).flatMap(({ name }) => (name === undefined ? [] : [topicOfWorkload(namespace, name)]));
  const choosesOtherwise = targets === undefined || targets.some(({ name }) => name === undefined);
  return [
    ...new Set(named),
    ...(choosesOtherwise ? [topicOfChoosers(namespace)] : []),
    ...(status?.waiting?.reason === 'TargetConflict' ? [topicOfConflicts(namespace)] : []),
    ...(isAdopted(app) ? [topicOfAdopted(namespace)] : []),
  ];
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
