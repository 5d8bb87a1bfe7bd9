/** Under which words Updates are listed, so that a change in the cluster finds those that it concerns without a look at all of them. */
import type { WaitingReason } from '../../core/waiting.ts';
import { hasEnded, type UpdateObjectWire } from './decode-update.ts';

/** Those of any namespace that have not ended. */
export const openAnywhere = 'open';

/** Those of a namespace that have not ended. */
export function openIn(namespace: string): string {
  return `open in ${namespace}`;
}

/** Those of one App. */
export function ofApp(namespace: string, app: string): string {
  return `${namespace}/${app}`;
}

/** Those of one App that have not ended. */
export function openOf(namespace: string, app: string): string {
  return `open of ${namespace}/${app}`;
}

/** Those of a namespace that have not begun. */
export function pendingIn(namespace: string): string {
  return `pending in ${namespace}`;
}

/** Open ones of any namespace that wait for this. */
export function waitingFor(reason: WaitingReason): string {
  return `waiting for ${reason}`;
}

/** Open ones of a namespace that do not name the workloads they watch: a Helm release has its objects, an App in git says it alone. */
export function watchingIn(namespace: string): string {
  return `watching in ${namespace}`;
}

/** Open ones that change the workload. */
export function changing(workload: {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}): string {
  return `changing ${workload.kind} ${workload.namespace}/${workload.name}`;
}

/** Open ones that bring or take back the Helm release. */
export function onRelease(namespace: string, release: string): string {
  return `release ${namespace}/${release}`;
}

/** Whether nothing was done yet. */
export function isPending({ status }: Pick<UpdateObjectWire, 'status'>): boolean {
  return status?.phase === undefined || status.phase === 'Pending';
}

/** All words for an Update. */
export function topicsOfUpdate(update: UpdateObjectWire): readonly string[] {
  const { namespace } = update.metadata;
  return [ofApp(namespace, update.spec.app), ...(hasEnded(update) ? [] : topicsOfOpen(update))];
}

function topicsOfOpen(update: UpdateObjectWire): readonly string[] {
  const { metadata, spec, status } = update;
  const { namespace } = metadata;
  return [
    openAnywhere,
    openIn(namespace),
    openOf(namespace, spec.app),
    ...(isPending(update) ? [pendingIn(namespace)] : []),
    ...(status?.waiting === undefined ? [] : [waitingFor(status.waiting.reason)]),
    ...(status?.helm === undefined && status?.git === undefined ? [] : [watchingIn(namespace)]),
    ...(status?.helm === undefined ? [] : [onRelease(namespace, status.helm.release)]),
    ...(status?.workloads ?? []).map(({ kind, name }) => changing({ kind, namespace, name })),
  ];
}
