/** What people and programs may do by the API. Rights are asked before; what was done is kept with the object and told. */
import type { Rejection } from '../../core/app/rejection.ts';
import { OperationError } from '../../core/errors.ts';
import { vetoAnnotation, vetoUntilAnnotation } from '../../core/gates/veto.ts';
import type { WorkloadReference } from '../../core/workload/workload.ts';
import { hasEnded } from '../../resources/update/decode-update.ts';
import { approveCandidate } from '../candidate/approve-candidate.ts';
import type { DirectChannels } from '../ports/channels.ts';
import type { Workloads } from '../ports/workloads.ts';
import { approveUpdate, rejectUpdate } from '../update/approve.ts';
import { type RestoreAnswer, restoreApp } from '../update/restore-app.ts';
import { type RollbackAnswer, rollBack } from '../update/roll-back.ts';
import { annotateWorkload } from './annotate-workload.ts';
import { type DeployAnswer, type DeployContext, type DeployRequest, deployVersion } from './deploy-version.ts';
import {
  type Actor,
  type ObjectName,
  persistently,
  recordOnApp,
  recordOnChannel,
  recordOnUpdate,
} from './record-action.ts';

export interface ActionContext extends DeployContext {
  /** Has an App checked now, past what is remembered; false when there is none. */
  readonly checkNow: (app: ObjectName) => boolean;
  readonly workloads: Pick<Workloads, 'read' | 'setImages'>;
  readonly channels: DirectChannels;
}

export interface DataRequest {
  /** The Update before which all is to be again; undefined: the newest with a checkpoint. */
  readonly to: string | undefined;
  /** Only for an Update that asks: it goes back, and the data stays. */
  readonly keepData: boolean;
}

export interface Actions {
  /** @throws USAGE when there is no such App */
  check(app: ObjectName, actor: Actor, signal: AbortSignal): Promise<void>;
  /**
   * An Update that waits for its time begins; without one the App is checked. People and vetoes are still waited for.
   *
   * @returns the Update, if there is one
   */
  updateNow(app: ObjectName, actor: Actor, signal: AbortSignal): Promise<string | undefined>;
  /** @throws what deployVersion throws */
  deploy(app: ObjectName, request: DeployRequest, actor: Actor, signal: AbortSignal): Promise<DeployAnswer>;
  /** @returns everybody who has approved it */
  approve(update: ObjectName, actor: Actor, signal: AbortSignal): Promise<readonly string[]>;
  /** The set that a Channel tries. @returns everybody who has approved it. @throws what approveCandidate throws */
  approveCandidate(channel: ObjectName, actor: Actor, signal: AbortSignal): Promise<readonly string[]>;
  /** @returns what was rejected */
  reject(update: ObjectName, actor: Actor, signal: AbortSignal): Promise<readonly string[]>;
  /** @param until undefined: until it is lifted */
  hold(app: ObjectName, until: Date | undefined, actor: Actor, signal: AbortSignal): Promise<void>;
  unhold(app: ObjectName, actor: Actor, signal: AbortSignal): Promise<void>;
  /** @param to an earlier Update whose versions come back */
  rollBack(app: ObjectName, to: string | undefined, actor: Actor, signal: AbortSignal): Promise<RollbackAnswer>;
  /**
   * Brings data back: answers an Update that asks, or goes back to before one that has a checkpoint.
   *
   * @throws what restoreApp throws
   */
  restore(app: ObjectName, request: DataRequest, actor: Actor, signal: AbortSignal): Promise<RestoreAnswer>;
  lift(rejection: Rejection, actor: Actor, signal: AbortSignal): Promise<void>;
  /**
   * Writes annotations of a workload that an App was made for, as its owner would; null takes one away.
   *
   * @throws TARGET_NOT_FOUND, UPDATE_CONFLICT, API_FORBIDDEN
   */
  annotate(
    workload: WorkloadReference,
    annotations: Readonly<Record<string, string | null>>,
    actor: Actor,
    signal: AbortSignal,
  ): Promise<void>;
}

export function createActions(context: ActionContext): Actions {
  return {
    async check(app, actor, signal) {
      requireChecked(context, app);
      await recordOnApp(context, app, { action: 'Check', actor }, signal);
    },
    updateNow: async (app, actor, signal) => await updateNow(context, app, actor, signal),
    async deploy(app, request, actor, signal) {
      const answer = await deployVersion(context, app, { request, actor }, signal);
      await recordOnApp(context, app, { action: 'Deploy', actor }, signal);
      return answer;
    },
    async approve(update, actor, signal) {
      const { approvals } = await approveUpdate({ ...context, reviews: actor.reviews }, update, signal);
      await recordOnUpdate(context, update, { action: 'Approve', actor }, signal);
      return approvals;
    },
    async approveCandidate(channel, actor, signal) {
      const people = { ...context, reviews: actor.reviews };
      const { approvals } = await persistently(async () => await approveCandidate(people, channel, signal));
      await recordOnChannel(context, channel, { action: 'Approve', actor }, signal);
      return approvals;
    },
    async reject(update, actor, signal) {
      const reason = actor.reason || 'rejected by the API';
      const rejected = await rejectUpdate({ ...context, reviews: actor.reviews }, update, reason, signal);
      await recordOnUpdate(context, update, { action: 'Reject', actor }, signal);
      return rejected;
    },
    async hold(app, until, actor, signal) {
      const veto = `${actor.reason || 'no reason is given'} (${actor.caller.name})`;
      const annotations = { [vetoAnnotation]: veto, [vetoUntilAnnotation]: until?.toISOString() ?? null };
      await context.records.annotateApp(app, annotations, signal);
      await recordOnApp(context, app, { action: 'Hold', actor }, signal);
    },
    async unhold(app, actor, signal) {
      await context.records.annotateApp(app, { [vetoAnnotation]: null, [vetoUntilAnnotation]: null }, signal);
      await recordOnApp(context, app, { action: 'Unhold', actor }, signal);
    },
    rollBack: async (app, to, actor, signal) => await goBack(context, { app, to, actor }, signal),
    restore: async (app, request, actor, signal) => await restore(context, { app, request, actor }, signal),
    lift: async (rejection, actor, signal) => await lift(context, rejection, actor, signal),
    annotate: async (workload, annotations, actor, signal) =>
      await annotateWorkload(context, { workload, annotations, actor }, signal),
  };
}

function requireChecked({ checkNow }: ActionContext, app: ObjectName): void {
  if (!checkNow(app)) {
    throw new OperationError(`check ${app.namespace}/${app.name}: there is no such App`, {
      code: 'USAGE',
      retry: 'never',
    });
  }
}

async function updateNow(
  context: ActionContext,
  app: ObjectName,
  actor: Actor,
  signal: AbortSignal,
): Promise<string | undefined> {
  const [last] = context.records.listUpdates(app.namespace, app.name);
  if (last && !hasEnded(last)) {
    await recordOnUpdate(context, last.metadata, { action: 'UpdateNow', actor }, signal);
    return last.metadata.name;
  }
  requireChecked(context, app);
  await recordOnApp(context, app, { action: 'UpdateNow', actor }, signal);
  return undefined;
}

async function goBack(
  context: ActionContext,
  { app, to, actor }: { readonly app: ObjectName; readonly to: string | undefined; readonly actor: Actor },
  signal: AbortSignal,
): Promise<RollbackAnswer> {
  const request = {
    namespace: app.namespace,
    app: app.name,
    to,
    by: actor.caller.name,
    reason: actor.reason || 'rolled back by the API',
  };
  const answer = await rollBack(context, request, signal);
  await recordOnApp(context, app, { action: 'RollBack', actor }, signal);
  return answer;
}

async function restore(
  context: ActionContext,
  { app, request, actor }: { readonly app: ObjectName; readonly request: DataRequest; readonly actor: Actor },
  signal: AbortSignal,
): Promise<RestoreAnswer> {
  const asked = {
    namespace: app.namespace,
    app: app.name,
    ...request,
    by: actor.caller.name,
    reason: actor.reason || 'restored by the API',
  };
  const answer = await restoreApp({ ...context, reviews: actor.reviews }, asked, signal);
  await recordOnApp(context, app, { action: 'Restore', actor }, signal);
  return answer;
}

/** A Rejection that holds for a whole namespace has no App with which this could be kept. */
async function lift(context: ActionContext, rejection: Rejection, actor: Actor, signal: AbortSignal): Promise<void> {
  const { namespace, app } = rejection;
  await context.records.liftRejection(namespace, rejection.name, signal);
  if (app !== undefined) {
    const told = { ...actor, reason: `${rejection.name}: ${actor.reason}` };
    await recordOnApp(context, { namespace, name: app }, { action: 'LiftRejection', actor: told }, signal);
  }
}
