/** Why the paths of a Channel cannot be tried; said before a set is begun. */
import { planPaths, type TrialPath } from '../../core/candidate/trial-path.ts';
import type { CandidateContext, Hub } from './candidate-context.ts';

/** On which paths a set of this Channel has to pass, as it is published now. */
export function pathsOf({ channels }: Pick<CandidateContext, 'channels'>, hub: Omit<Hub, 'kubernetes'>) {
  const { spec, channel } = hub;
  const releases = channels
    .listReleases(channel)
    .map(({ metadata, spec: { sequence } }) => ({ name: metadata.name, sequence }));
  const withdrawn = spec.deadEnds.map(({ release }) => release);
  const none: readonly TrialPath[] = [];
  return spec.tryOn === undefined ? { paths: none, missing: [] } : planPaths(spec.tryOn, releases, withdrawn);
}

/** @returns undefined: they can, or there are none */
export function findUntriable(
  context: Pick<CandidateContext, 'channels' | 'namespaces'>,
  hub: Omit<Hub, 'kubernetes'>,
): string | undefined {
  const { tryOn } = hub.spec;
  const { paths, missing } = pathsOf(context, hub);
  if (tryOn === undefined) {
    return undefined;
  }
  if (missing.length > 0) {
    return `spec.tryOn.upgradeFrom.releases: this Channel has no Release ${missing.join(', ')}; leave it out`;
  }
  const { namespaces } = context;
  if (paths.length > 0 && namespaces.length > 0 && !namespaces.includes(tryOn.namespace)) {
    return `spec.tryOn: this Headgate looks after some namespaces alone; add "${tryOn.namespace}" to them, or name one of them in spec.tryOn.namespace`;
  }
  const other = hub.apps.find(({ spec: { deploy } }) => deploy.helm === undefined && deploy.manifests === undefined);
  return paths.length > 0 && other !== undefined
    ? `spec.tryOn: App "${other.metadata.name}" installs nothing by itself, so that it cannot be tried in another namespace; that takes deploy.helm or deploy.manifests`
    : undefined;
}
