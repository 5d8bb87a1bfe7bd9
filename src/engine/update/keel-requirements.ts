/** How many people have to approve, as Keel's API sets it: on what it calls a resource, which here is a workload of an App. */
import { keelTargetsOf } from '../../core/adopt/keel-approval.ts';
import { isWorkloadKind, type WorkloadReference } from '../../core/workload/workload.ts';
import { isAdopted } from '../../resources/app/adopted-app.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import type { ApprovalSettings } from '../ports/approval-settings.ts';
import type { DirectRecords } from '../ports/records.ts';

export interface KeelRequirementsContext {
  readonly records: DirectRecords;
  readonly settings: ApprovalSettings;
  /** Empty: all. */
  readonly namespaces: readonly string[];
}

export interface KeelRequirement {
  /** `deployment/demo/web` */
  readonly identifier: string;
  /** 0: nobody is asked. */
  readonly votesRequired: number;
}

/**
 * Sets it where it is written: in the annotation of a workload that is followed for its annotations, as Keel does, else in the App.
 *
 * @returns false when no App looks after such a workload
 * @throws errors of the API server
 */
export async function setKeelRequirement(
  { records, settings, namespaces }: KeelRequirementsContext,
  { identifier, votesRequired }: KeelRequirement,
  signal: AbortSignal,
): Promise<boolean> {
  const [written = '', namespace = '', name = ''] = identifier.split('/');
  if (namespace === '' || (namespaces.length > 0 && !namespaces.includes(namespace))) {
    return false;
  }
  const apps = await records.readApps(namespace, signal);
  const app = apps.find((one) => looksAfter(one, identifier));
  if (app === undefined) {
    return false;
  }
  const workload = isAdopted(app) ? workloadOf(app, written, name) : undefined;
  if (workload === undefined) {
    await settings.setOnApp(app.metadata, votesRequired, signal);
  } else {
    await settings.setOnWorkload({ ...workload, namespace }, votesRequired, signal);
  }
  return true;
}

function looksAfter({ metadata, status }: AppObjectWire, identifier: string): boolean {
  const targets = keelTargetsOf(metadata.namespace, { objects: status?.workloads ?? [], release: undefined });
  return targets.some(({ resource }) => resource === identifier);
}

function workloadOf(
  { status }: AppObjectWire,
  written: string,
  name: string,
): Omit<WorkloadReference, 'namespace'> | undefined {
  const object = status?.workloads?.find((one) => one.toLowerCase() === `${written}/${name}`);
  const [kind = ''] = object?.split('/') ?? [];
  return isWorkloadKind(kind) ? { kind, name } : undefined;
}
