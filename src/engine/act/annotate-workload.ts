/** Annotations of a workload, written for somebody who asks the API to: the App that is made of them follows by itself. */
import { adoptedAppName } from '../../core/adopt/adopted-name.ts';
import { OperationError } from '../../core/errors.ts';
import { describeWorkload, type WorkloadReference } from '../../core/workload/workload.ts';
import type { Workloads } from '../ports/workloads.ts';
import { type ActContext, type Actor, recordOnApp } from './record-action.ts';

export interface Annotating {
  readonly workload: WorkloadReference;
  /** Null takes one away. */
  readonly annotations: Readonly<Record<string, string | null>>;
  readonly actor: Actor;
}

/** @throws TARGET_NOT_FOUND; UPDATE_CONFLICT when it was changed meanwhile; API_FORBIDDEN, API_REJECTED */
export async function annotateWorkload(
  context: ActContext & { readonly workloads: Pick<Workloads, 'read' | 'setImages'> },
  { workload: reference, annotations, actor }: Annotating,
  signal: AbortSignal,
): Promise<void> {
  const workload = await context.workloads.read(reference, signal);
  if (!workload) {
    throw new OperationError(`annotate ${describeWorkload(reference)}: there is no such workload`, {
      code: 'TARGET_NOT_FOUND',
      retry: 'never',
    });
  }
  await context.workloads.setImages(workload, [], signal, { annotations });
  const app = { namespace: reference.namespace, name: adoptedAppName(reference) };
  await recordOnApp(context, app, { action: 'Annotate', actor }, signal);
}
