/** Gathers what the next decision on an Update needs to know. */
import { findRejection } from '../../core/app/rejection.ts';
import { broughtBackBy } from '../../core/deploy/deploy-plan.ts';
import { isOnTrial, type Journal } from '../../core/update/journal.ts';
import type { Observation } from '../../core/update/next-step.ts';
import { changesOf, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { CheckpointContext } from '../checkpoint/checkpoint-context.ts';
import { lookAtRun } from '../checkpoint/look-at-run.ts';
import type { DeploySight, Work } from '../deploy/deployer.ts';
import { type GateContext, type GateLook, lookAtGates, lookAtWindows } from '../gates/look-at-gates.ts';
import { findNewer } from './find-newer.ts';

export type ObserveContext = GateContext & CheckpointContext;

/** What is seen, and how what is in the way of a rollout that is waited for can be removed. */
export interface Sight extends Observation {
  readonly clearWay: DeploySight['clearWay'];
}

/** Nothing was set yet, so there is nothing to see of it. */
const nothingSet: DeploySight = { health: { kind: 'Current' }, contested: [], gone: [], reapplied: [] };

/** It has begun. */
const nothingAsked: GateLook = { gate: { kind: 'Open' }, obsolete: undefined };

/** Looks at the cluster from the point of view of one Update. */
export async function observe(context: ObserveContext, work: Work, signal: AbortSignal): Promise<Sight> {
  const { journal, update } = work;
  const look: Look = { ...context, update, journal, signal };
  const set = journal.phase === 'BackingUp' ? undefined : journal.plan;
  const seen = set ? await context.deployers[set.kind].observe(work, signal) : nothingSet;
  const { rejected, formerRejected } = await lookAtRejections(look);
  return {
    health: seen.health,
    contested: seen.contested,
    gone: seen.gone,
    reapplied: seen.reapplied,
    clearWay: seen.clearWay,
    rejected,
    formerRejected,
    newerAvailable: isStillOpen(journal) ? await findNewer(look.records, look.update, look.signal) : undefined,
    appActive: isAppActive(look),
    window: lookAtWindows(context, work),
    ran: await lookAtRun(context, work, signal),
    ...(journal.phase === 'Pending' ? await lookAtGates(context, work, signal) : nothingAsked),
  };
}

interface Look extends ObserveContext {
  readonly update: UpdateObjectWire;
  readonly journal: Journal;
  readonly signal: AbortSignal;
}

/** A newer version takes its place: nothing was changed yet, or it has not proved itself. */
function isStillOpen({ phase }: Journal): boolean {
  return phase === 'Pending' || phase === 'BackingUp' || isOnTrial(phase);
}

/** Before images are set, either way, the API server itself is asked: a Rejection made a moment ago must hold (rule 1). */
async function lookAtRejections(look: Look): Promise<Pick<Observation, 'rejected' | 'formerRejected'>> {
  const { update, journal, records, clock, signal } = look;
  const app = { namespace: update.metadata.namespace, name: update.spec.app };
  const rejections = isAboutToSet(journal)
    ? await records.readRejections(app.namespace, signal)
    : records.listRejections(app.namespace);
  const now = clock.now();
  const isRejected = (digest: string | undefined) => findRejection(rejections, app, digest, now) !== undefined;
  const former = journal.plan ? broughtBackBy(journal.plan) : [];
  const changes = changesOf(update.spec);
  return {
    rejected: changes.some((change) => isRejected(change.to.digest)),
    formerRejected: former.some(isRejected) || changes.some((change) => isRejected(change.from.digest)),
  };
}

function isAboutToSet(journal: Journal): boolean {
  return journal.phase === 'Applying' || journal.phase === 'RollingBack';
}

function isAppActive({ update, records }: Look): boolean {
  const app = records.findApp(update.metadata.namespace, update.spec.app);
  const wanted = update.spec.trigger.kind === 'Rollback' || app?.spec.suspend !== true;
  return app !== undefined && app.metadata.deletionTimestamp === undefined && wanted;
}
