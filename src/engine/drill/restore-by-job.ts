/** The data of a checkpoint that a Job made, brought back by the App's own restore Job in the namespace of the drill. */
import { decided } from '../../core/drill/drill.ts';
import { jobNameOf } from '../../core/job/job-name.ts';
import { jobEnvironment } from '../checkpoint/job-environment.ts';
import { sayFailure } from '../checkpoint/job-keeper.ts';
import { restoreTemplateOf, type Source } from './copy-checkpoint.ts';
import type { DrillAtWork, DrillContext, DrillPass } from './drill-context.ts';

/** Goes on with it; harmless to repeat. */
export async function restoreByJob(
  { drillJobs, clock }: DrillContext,
  { drill, source }: DrillAtWork & { readonly source: Source },
  signal: AbortSignal,
): Promise<DrillPass> {
  const { namespace, namespaceUid = '', checkpoint = '' } = drill;
  const template = restoreTemplateOf(source);
  if (template === undefined) {
    return { kind: 'Noted', drill: { ...drill, step: 'Start' } };
  }
  if (drill.job === undefined) {
    const job = jobNameOf({ name: 'drill', uid: namespaceUid }, 'restore');
    await drillJobs.start(
      {
        ...{ namespace, name: job, purpose: 'restore', template, retries: 0, serviceAccount: undefined },
        owner: { apiVersion: 'v1', kind: 'Namespace', name: namespace, uid: namespaceUid },
        env: environmentOf(source, checkpoint, namespace),
        deadlineSeconds: Math.max(1, Math.floor((drill.until.getTime() - clock.now().getTime()) / 1_000)),
      },
      signal,
    );
    return { kind: 'Noted', drill: { ...drill, job } };
  }
  const outcome = await drillJobs.look(`${namespace}/${namespace}`, { namespace, name: drill.job }, signal);
  switch (outcome.kind) {
    case 'Running':
      return { kind: 'Waiting', message: `Job ${drill.job}: ${outcome.message}`, until: soon(clock.now()) };
    case 'Succeeded':
      return { kind: 'Noted', drill: { ...drill, step: 'Start' } };
    default:
      return {
        kind: 'Noted',
        drill: decided(drill, 'Failed', `the data is not back: ${sayFailure(drill.job, outcome)}`),
      };
  }
}

/** The namespace is that of the drill: a script that takes its addresses from there must not find what the App works on. */
function environmentOf({ update }: Source, checkpoint: string, namespace: string): Readonly<Record<string, string>> {
  const env = jobEnvironment(update, checkpoint, [checkpoint]);
  return { ...env, HEADGATE_NAMESPACE: namespace, HEADGATE_DRILL: namespace };
}

function soon(now: Date): Date {
  return new Date(now.getTime() + 1_000);
}
