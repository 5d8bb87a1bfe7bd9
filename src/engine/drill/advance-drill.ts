/** Goes on with a restore drill: one step for each call, each harmless to repeat, so that it can be killed between any two. */
import { drillLabel } from '../../core/drill/copy-plan.ts';
import { type Drill, decided, expiryOf } from '../../core/drill/drill.ts';
import { formatDuration } from '../../core/duration.ts';
import { isOperationError, type OperationError } from '../../core/errors.ts';
import { assessObject } from '../../core/health/objects/assess-object.ts';
import { textAt } from '../../core/health/objects/fields.ts';
import { joinSome } from '../../core/text.ts';
import type { Ground } from '../ports/drill-ground.ts';
import { readSource, restoreTemplateOf, type Source } from './copy-checkpoint.ts';
import type { DrillAtWork, DrillContext, DrillPass } from './drill-context.ts';
import { restoreByJob } from './restore-by-job.ts';
import { runTests } from './run-tests.ts';

/** Nothing tells when a copy is ready but its objects; they are only looked at while a drill is under way. */
const lookAgainMs = 1_000;

/** @throws errors of the API server that pass */
export async function advanceDrill(context: DrillContext, work: DrillAtWork, signal: AbortSignal): Promise<DrillPass> {
  const { drill } = work;
  if (drill.step === 'Remove') {
    return await remove(context, drill, signal);
  }
  try {
    const pass = await goOn(context, work, signal);
    return pass.kind === 'Waiting' && context.clock.now() >= drill.until ? late(drill, pass.message) : pass;
  } catch (error) {
    return afterError(context, drill, error);
  }
}

/** @throws the error, where it passes or is our own */
function afterError(context: DrillContext, drill: Drill, error: unknown): DrillPass {
  if (!isOperationError(error) || error.code === 'INVARIANT' || error.code === 'LEASE_LOST') {
    throw error;
  }
  const isOver = context.clock.now() >= drill.until;
  if (isPassing(error.message)) {
    return isOver ? late(drill, error.message) : wait(context, error.message);
  }
  if (isFinal(error)) {
    const advice = error.code === 'API_FORBIDDEN' ? '; drills need `drills: true` in the values of the chart' : '';
    return noted(decided(drill, 'Refused', `${error.message}${advice}`));
  }
  if (isOver) {
    return late(drill, error.message);
  }
  throw error;
}

/** Nobody waits for rights: a drill that is under way holds back the next ones, and keeps checkpoints from being let go. */
function isFinal({ code, retry }: OperationError): boolean {
  return retry === 'never' || code === 'API_FORBIDDEN' || code === 'API_REJECTED';
}

/** Quotas of a namespace that was just made are counted a moment later, and nothing may be made before. */
function isPassing(message: string): boolean {
  return message.includes('status unknown for quota');
}

async function goOn(context: DrillContext, work: DrillAtWork, signal: AbortSignal): Promise<DrillPass> {
  const { drill } = work;
  const source = await readSource(context, work, signal);
  switch (drill.step) {
    case 'Copy':
      return await copy(context, work, source, signal);
    case 'Restore':
      return await restoreByJob(context, { ...work, source }, signal);
    case 'Start':
      return await start(context, drill, source, signal);
    case 'Test':
      return await runTests(context, { ...work, source }, signal);
    default:
      return noted({ ...drill, step: 'Remove' });
  }
}

async function copy(
  context: DrillContext,
  { app, drill }: DrillAtWork,
  source: Source,
  signal: AbortSignal,
): Promise<DrillPass> {
  const { ground } = context;
  const { namespace, name } = app.metadata;
  const restore = restoreTemplateOf(source);
  const request = { namespace: drill.namespace, app: { namespace, name }, expiresAt: expiryOf(drill) };
  const opened: Ground = { ...request, uid: await ground.open(request, signal) };
  await ground.put(isolation(drill.namespace), signal);
  for (const volume of source.plan.volumes) {
    await ground.lend(opened, volume, signal);
  }
  for (const object of source.plan.before) {
    await ground.put(object, signal);
  }
  return noted({ ...drill, namespaceUid: opened.uid, step: restore === undefined ? 'Start' : 'Restore' });
}

async function start(context: DrillContext, drill: Drill, { plan }: Source, signal: AbortSignal): Promise<DrillPass> {
  const waiting: string[] = [];
  for (const workload of plan.workloads) {
    await context.ground.put(workload, signal);
    const found = await context.ground.look(workload, signal);
    const health = found && assessObject(found, { now: context.clock.now() });
    if (health?.status !== 'Current') {
      const why = health === undefined || health.message === '' ? (health?.status ?? 'gone') : health.message;
      waiting.push(`${textAt(workload, 'kind', '')}/${textAt(workload, 'metadata.name', '')}: ${why}`);
    }
  }
  return waiting.length === 0
    ? noted({ ...drill, step: 'Test' })
    : wait(context, `the copy is not healthy: ${joinSome(waiting, '; ')}`);
}

/** The copy reaches names and itself, and nothing else: it must not write to what the App writes to. Jobs of the user's may. */
function isolation(namespace: string) {
  const dns = ['UDP', 'TCP'].map((protocol) => ({ protocol, port: 53 }));
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace, name: 'headgate-drill', labels: { [drillLabel]: namespace } },
    spec: {
      podSelector: { matchLabels: { [drillLabel]: namespace } },
      policyTypes: ['Egress'],
      egress: [{ to: [{ podSelector: {} }] }, { ports: dns }],
    },
  };
}

async function remove(context: DrillContext, drill: Drill, signal: AbortSignal): Promise<DrillPass> {
  const now = context.clock.now();
  const ended = { ...drill, step: 'Ended', finishedAt: now } as const;
  const owner = { namespace: drill.namespace, name: drill.namespace };
  for (const prober of Object.values(context.drillProbers)) {
    prober.release(owner);
  }
  context.drillJobs.unwatch(`${owner.namespace}/${owner.name}`);
  if (drill.keep && drill.namespaceUid !== undefined) {
    const kept = `Namespace ${drill.namespace} is kept until ${expiryOf(drill).toISOString()}`;
    return noted({ ...ended, message: [drill.message, kept].filter((part) => part !== undefined).join('; ') });
  }
  try {
    await context.ground.remove(drill.namespace, signal);
    return noted(ended);
  } catch (error) {
    const isOwn = !isOperationError(error) || error.code === 'INVARIANT' || error.code === 'LEASE_LOST';
    if (isOwn || !(isFinal(error) || now >= expiryOf(drill))) {
      throw error;
    }
    const left = `Namespace ${drill.namespace} is left${drill.namespaceUid === undefined ? ' where it was made' : ''}`;
    return noted({ ...ended, message: `${drill.message ?? ''}; ${left}: ${error.message}` });
  }
}

function late(drill: Drill, why: string): DrillPass {
  const took = formatDuration(drill.until.getTime() - drill.startedAt.getTime());
  return noted(decided(drill, 'Failed', `it is not done after ${took}: ${why}`));
}

function wait({ clock }: DrillContext, message: string): DrillPass {
  return { kind: 'Waiting', message, until: new Date(clock.now().getTime() + lookAgainMs) };
}

function noted(drill: Drill): DrillPass {
  return { kind: 'Noted', drill };
}
