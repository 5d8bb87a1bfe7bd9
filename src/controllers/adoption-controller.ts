/** One pass over one workload, or Helm release: whether it wants an App, and which. */
import { invariant } from '../core/errors.ts';
import { type WorkloadKind, type WorkloadReference, workloadKey, workloadKinds } from '../core/workload/workload.ts';
import { type AdoptReleaseContext, adoptRelease } from '../engine/adopt/adopt-release.ts';
import { type AdoptContext, adoptWorkload } from '../engine/adopt/adopt-workload.ts';
import type { ReconcileResult } from '../kube/controller.ts';
import { isAdopted } from '../resources/app/adopted-app.ts';
import type { AppObjectWire } from '../resources/app/decode-app.ts';

/** In place of the kind of a workload. */
const releaseKind = 'HelmRelease';

/** @param key as workloadKey or releaseKey makes it: `Kind/namespace/name` */
export async function reconcileAdoption(
  context: AdoptContext & AdoptReleaseContext,
  key: string,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const [first = '', namespace = '', name = ''] = key.split('/');
  if (first === releaseKind) {
    await adoptRelease(context, { namespace, name }, signal);
    return {};
  }
  const kind = kindNamed(first);
  invariant(kind !== undefined && name !== '', `parse key ${key}: not Kind/namespace/name of a workload`);
  await adoptWorkload(context, { kind, namespace, name }, signal);
  return {};
}

export function releaseKey({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${releaseKind}/${namespace}/${name}`;
}

/** The workload that an App was made for; undefined for one that a person made. */
export function adoptedWorkloadOf(app: AppObjectWire): string | undefined {
  const [owner] = isAdopted(app) ? (app.metadata.ownerReferences ?? []) : [];
  const kind = kindNamed(owner?.kind ?? '');
  if (owner === undefined || kind === undefined) {
    return undefined;
  }
  const reference: WorkloadReference = { kind, namespace: app.metadata.namespace, name: owner.name };
  return workloadKey(reference);
}

/** Workloads for whose App a person has taken the name, and which get one when that person's goes. */
export function workloadsNamedBy({ metadata }: AppObjectWire): readonly string[] {
  const { namespace, name } = metadata;
  return workloadKinds
    .filter((kind) => name.startsWith(`${kind.toLowerCase()}-`))
    .map((kind) => workloadKey({ kind, namespace, name: name.slice(kind.length + 1) }));
}

function kindNamed(text: string): WorkloadKind | undefined {
  return workloadKinds.find((kind) => kind === text);
}
