/** Keeps the App that is made for a workload in step with the workload's annotations and labels. */
import { adoptedAppName } from '../../core/adopt/adopted-name.ts';
import type { Adoption } from '../../core/adopt/adoption.ts';
import { type AdoptionSettings, readMarks } from '../../core/adopt/read-marks.ts';
import type { Workload, WorkloadReference } from '../../core/workload/workload.ts';
import { adoptedAppOf, isAdopted, isSameApp } from '../../resources/app/adopted-app.ts';
import { adoptionProblemKey } from '../../resources/metadata.ts';
import type { AdoptionListener } from '../ports/adoption-listener.ts';
import type { Records } from '../ports/records.ts';
import type { Workloads } from '../ports/workloads.ts';

export interface AdoptContext {
  readonly workloads: Pick<Workloads, 'find' | 'setImages'>;
  readonly records: Pick<Records, 'findApp' | 'applyApp' | 'deleteApp'>;
  readonly adoption: AdoptionSettings;
  readonly adoptionListener: AdoptionListener;
  /** Throws LEASE_LOST once another replica may be at work. */
  readonly assertLeading: () => void;
}

/**
 * Makes, changes or removes the App of one workload; costs nothing where it is as it should be.
 *
 * @throws errors of the API server; API_CONFLICT when the App was written meanwhile
 */
export async function adoptWorkload(
  context: AdoptContext,
  reference: WorkloadReference,
  signal: AbortSignal,
): Promise<void> {
  const workload = context.workloads.find(reference);
  const existing = context.records.findApp(reference.namespace, adoptedAppName(reference));
  const adoption = workload && !workload.deleting ? readMarks(workload, context.adoption) : undefined;
  if (workload && adoption) {
    await keepApp(context, workload, adoption, signal);
  } else if (existing && isAdopted(existing) && existing.metadata.deletionTimestamp === undefined) {
    context.assertLeading();
    await context.records.deleteApp(existing, signal);
  }
}

async function keepApp(
  context: AdoptContext,
  workload: Workload,
  adoption: Adoption,
  signal: AbortSignal,
): Promise<void> {
  const { records, adoptionListener } = context;
  const wanted = adoptedAppOf(workload, adoption, context.adoption.insecureRegistries);
  const { namespace, name } = wanted.metadata;
  const existing = records.findApp(namespace, name);
  if (existing && !isAdopted(existing)) {
    const message = `App "${name}" was made by a person, so that none is made of the annotations; rename or remove it`;
    adoptionListener.told(workload, { kind: 'AppNameTaken', message });
    return;
  }
  if (adoption.annotation) {
    const { key, value } = adoption.annotation;
    context.assertLeading();
    await context.workloads.setImages(workload, [], signal, { annotations: { [key]: value } });
  }
  if (existing && isSameApp(existing, wanted)) {
    return;
  }
  context.assertLeading();
  await records.applyApp(wanted, existing, signal);
  const problem = wanted.metadata.annotations[adoptionProblemKey];
  const news =
    problem === undefined
      ? {
          kind: 'Adopted' as const,
          message: `App "${name}" looks after it, as its annotations for ${adoption.system} ask`,
        }
      : { kind: 'AnnotationsInvalid' as const, message: problem };
  adoptionListener.told(workload, news);
}
