import type { Watched } from '../../adapters/cluster/watched.ts';
import { adoptedAppName } from '../../core/adopt/adopted-name.ts';
import { type AdoptionSettings, readMarks } from '../../core/adopt/read-marks.ts';
import type { Workload } from '../../core/workload/workload.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';

/** Whether a workload asks for an App that has not been seen yet. */
export function awaitsAdoption(
  workloads: readonly Workload[],
  apps: Pick<Watched<AppObjectWire>, 'find'>,
  adoption: AdoptionSettings,
): boolean {
  return workloads
    .filter((workload) => !workload.deleting && readMarks(workload, adoption) !== undefined)
    .some((workload) => !apps.find(workload.namespace, adoptedAppName(workload)));
}
