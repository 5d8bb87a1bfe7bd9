/** What a drill is made of: read from the checkpoint in every pass, as nothing of it is kept elsewhere. */
import type { AppSpec } from '../../core/app/app.ts';
import type { Backup } from '../../core/checkpoint/backup.ts';
import { type CopyPlan, planCopy } from '../../core/drill/copy-plan.ts';
import { type DrillTests, podTemplateOf, testsOfDrill } from '../../core/drill/drill-tests.ts';
import { OperationError as Failure, type OperationError } from '../../core/errors.ts';
import { readAppSpec } from '../../resources/app/decode-app.ts';
import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { DrillAtWork, DrillContext } from './drill-context.ts';

export interface Source {
  readonly update: UpdateObjectWire;
  readonly spec: AppSpec;
  readonly backup: Backup | undefined;
  readonly plan: Extract<CopyPlan, { kind: 'Plan' }>;
  readonly tests: DrillTests;
}

/** @throws OBJECT_INVALID or VOLUME_UNUSABLE, with retry `never`, when there is nothing that could be tried */
export async function readSource(
  { records, ground }: DrillContext,
  { app, drill }: DrillAtWork,
  signal: AbortSignal,
): Promise<Source> {
  const { namespace } = app.metadata;
  const spec = readAppSpec(app);
  if (spec.kind === 'Invalid') {
    throw refusal(`the App cannot be read: ${spec.message}`);
  }
  const update = records.findUpdate(namespace, drill.checkpoint ?? '');
  const checkpoint = update?.status?.checkpoint;
  if (!update || checkpoint?.state !== 'Completed' || checkpoint.objects === undefined) {
    throw refusal(`checkpoint ${drill.checkpoint} is ${checkpoint?.state ?? 'gone'}`);
  }
  if (checkpoint.kind === 'Velero') {
    throw refusal(
      `Velero keeps the data of checkpoint ${drill.checkpoint}, and a drill cannot bring that into another namespace; velero restore create --from-backup ${checkpoint.velero?.backup} --namespace-mappings ${namespace}:OTHER does`,
    );
  }
  const objects = await ground.readObjects({ namespace, name: checkpoint.objects }, signal);
  if (!objects) {
    throw refusal(
      `Secret ${checkpoint.objects}, which holds the objects of checkpoint ${drill.checkpoint}, is gone or empty`,
    );
  }
  const tests = testsOfDrill(spec.value.tests);
  const { backup } = spec.value;
  const volumes = (checkpoint.volumes ?? []).map(({ sizeBytes, ...one }) => ({
    ...one,
    ...(sizeBytes !== undefined && { sizeBytes }),
  }));
  const plan = planCopy({
    ...{ namespace: drill.namespace, objects, volumes, isFilled: checkpoint.kind === 'Job' },
    jobs: jobsOf(checkpoint.kind, backup, tests),
  });
  if (plan.kind === 'Refused') {
    throw refusal(plan.why);
  }
  return { update, spec: spec.value, backup, plan, tests };
}

/** The Job that brings back the data of a checkpoint that a Job made. @throws OBJECT_INVALID when there is none, or it must not run here */
export function restoreTemplateOf({ update, backup }: Source) {
  if (update.status?.checkpoint?.kind !== 'Job') {
    return undefined;
  }
  const job = backup?.data?.kind === 'Job' ? backup.data : undefined;
  if (job?.restore === undefined) {
    throw refusal('a Job kept the data, and spec.backup.job.restore, which would bring it back, is not there');
  }
  if (!job.drills) {
    throw refusal(
      'a Job brings back the data, and may write to where the App works: set spec.backup.job.drills: true where it writes only to claims that it mounts and to where HEADGATE_NAMESPACE says',
    );
  }
  return job.restore;
}

function jobsOf(kind: string, backup: Backup | undefined, { tests }: DrillTests) {
  const restore = kind === 'Job' && backup?.data?.kind === 'Job' ? backup.data.restore : undefined;
  return [
    ...(restore === undefined ? [] : [{ what: 'spec.backup.job.restore', template: podTemplateOf(restore) }]),
    ...tests.flatMap(({ name, probe }) =>
      probe.kind === 'Job' ? [{ what: `test ${name}`, template: podTemplateOf(probe.template) }] : [],
    ),
  ];
}

function refusal(why: string): OperationError {
  return new Failure(why, { code: 'OBJECT_INVALID', retry: 'never' });
}
