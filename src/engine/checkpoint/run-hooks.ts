/** Commands of the user's in the pods of an App, so that what is kept of its data is consistent. */
import type { Hook } from '../../core/checkpoint/backup.ts';
import { isOperationError } from '../../core/errors.ts';
import { clipMessage } from '../../core/text.ts';
import type { Work } from '../deploy/deployer.ts';
import { affectedWorkloads } from './affected-workloads.ts';
import type { CheckpointContext } from './checkpoint-context.ts';

/**
 * Runs each in every running pod, one after the other. May be repeated after a crash.
 *
 * @returns what went wrong, one sentence each; it stops at the first where `goesOn` is false
 * @throws errors of the API server that pass
 */
export async function runHooks(
  context: CheckpointContext,
  work: Work,
  { hooks, goesOn }: { readonly hooks: readonly Hook[]; readonly goesOn: boolean },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const pod of hooks.length === 0 ? [] : await runningPods(context, work, signal)) {
    for (const hook of hooks) {
      if (goesOn || problems.length === 0) {
        problems.push(...(await runOne(context, work, { hook, pod }, signal)));
      }
    }
  }
  return problems;
}

async function runOne(
  { podCommands }: CheckpointContext,
  { update, spec }: Work,
  { hook, pod }: { readonly hook: Hook; readonly pod: string },
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { namespace } = update.metadata;
  const what = `${hook.command[0]} in Pod ${pod}`;
  const serviceAccount = spec?.backup?.serviceAccount;
  try {
    const problem = await podCommands.run({ ...hook, namespace, pod, serviceAccount }, signal);
    return problem === undefined ? [] : [clipMessage(`${what}: ${problem}`)];
  } catch (error) {
    if (isOperationError(error) && (error.retry === 'never' || error.code === 'API_NOT_FOUND')) {
      return [error.message];
    }
    throw error;
  }
}

async function runningPods(context: CheckpointContext, work: Work, signal: AbortSignal): Promise<readonly string[]> {
  const names: string[] = [];
  for (const reference of await affectedWorkloads(context, work, signal)) {
    const workload = await context.workloads.read(reference, signal);
    const pods = workload?.podSelector === undefined ? [] : await context.workloads.readPods(workload, signal);
    const isRunning = (pod: (typeof pods)[number]) =>
      !pod.deleting && pod.containers.some(({ init, ready, started }) => !init && started && ready);
    names.push(...pods.filter(isRunning).map(({ name }) => name));
  }
  return names;
}
