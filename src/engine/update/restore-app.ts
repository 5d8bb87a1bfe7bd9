/** Bringing back data because a person says so: the answer to an Update that asks, or an Update of its own towards a checkpoint. */
import { findRejection } from '../../core/app/rejection.ts';
import { OperationError } from '../../core/errors.ts';
import { noted } from '../../core/update/transitions.ts';
import { changesOf, hasEnded, journalOf, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { UpdateSpecWire } from '../../resources/update/update.ts';
import { holdsCheckpoint } from '../checkpoint/kept-checkpoints.ts';
import { type ApproveContext, requireRight } from './approve.ts';
import { findApp, type RollbackRequest, rejectVersions } from './roll-back.ts';

export interface RestoreRequest extends RollbackRequest {
  /** Only for an Update that asks: go back, and leave the data as it is. */
  readonly keepData: boolean;
}

export type RestoreAnswer =
  /** The Update that asked goes back, with the data or without. */
  | { readonly kind: 'Answered'; readonly update: string; readonly data: boolean }
  /** @property rejected versions that are left */
  | { readonly kind: 'Started'; readonly update: string; readonly to: string; readonly rejected: readonly string[] };

/**
 * Answers an Update that asks, or starts one that brings back objects and data as they were before another one.
 *
 * @throws USAGE when there is no such checkpoint, or an Update is under way that does not ask; API_FORBIDDEN without the right
 *   `approve` on the Update; API_CONFLICT when somebody else was faster
 */
export async function restoreApp(
  context: ApproveContext,
  request: RestoreRequest,
  signal: AbortSignal,
): Promise<RestoreAnswer> {
  const { namespace } = request;
  const app = await findApp(context.records, request, signal);
  const updates = await context.records.readUpdates({ namespace, app: request.app }, signal);
  const [last] = updates;
  if (last && !hasEnded(last)) {
    return await answer(context, request, last, signal);
  }
  if (request.keepData) {
    throw usage(request, 'no Update asks whether the data goes back; headgate rollback goes back without it');
  }
  const target = findTarget(updates, request);
  await requireRight(context, { verb: 'approve', by: request.by, update: target.metadata }, signal);
  const changes = changesTo(updates, target);
  await checkAllowed(context, request, changes, signal);
  // What failed was rejected where it was to blame, and must not be where it was not.
  const newer = updates.slice(0, updates.indexOf(target) + 1);
  const leave = newer.filter(({ status }) => status?.phase === 'Succeeded');
  const way = { restore: { update: target.metadata.name, state: 'Before' as const }, leave, changes };
  const rejected = await rejectVersions(context.records, request, way, signal);
  const spec: UpdateSpecWire = {
    app: request.app,
    sequence: (last?.spec.sequence ?? 0) + 1,
    trigger: { kind: 'Rollback', by: request.by, reason: request.reason },
    changes,
    restore: { ...way.restore, data: true },
  };
  const created = await context.records.createUpdate(app, spec, signal);
  return { kind: 'Started', update: created.metadata.name, to: target.metadata.name, rejected };
}

async function answer(
  context: ApproveContext,
  request: RestoreRequest,
  open: UpdateObjectWire,
  signal: AbortSignal,
): Promise<RestoreAnswer> {
  const { name, namespace } = open.metadata;
  const journal = journalOf(open, context.clock.now());
  const { dataRestore } = journal;
  if (dataRestore?.state !== 'Asked') {
    throw usage(request, `Update ${name} is under way (${journal.phase}) and asks nothing; let it end first`);
  }
  await requireRight(context, { verb: 'approve', by: request.by, update: { namespace, name } }, signal);
  const state = request.keepData ? 'NotNeeded' : 'Agreed';
  const message = request.keepData ? `${request.by} chose to leave the data` : `${request.by} agreed`;
  const answered = noted(journal, { dataRestore: { ...dataRestore, state, message, by: request.by } });
  await context.records.writeJournal(open, answered, signal);
  return { kind: 'Answered', update: name, data: !request.keepData };
}

function findTarget(updates: readonly UpdateObjectWire[], request: RestoreRequest): UpdateObjectWire {
  const kept = updates.filter(holdsCheckpoint);
  // The checkpoint of an Update that took over another's is the other's.
  const target = request.to === undefined ? kept[0] : kept.find(({ metadata }) => metadata.name === request.to);
  if (!target) {
    const known = kept.map(({ metadata }) => metadata.name).join(', ') || 'none';
    throw usage(request, `there is no complete checkpoint of that Update; there are those of ${known}`);
  }
  return target;
}

/** From what runs to what ran before the target. */
function changesTo(updates: readonly UpdateObjectWire[], target: UpdateObjectWire): UpdateSpecWire['changes'] {
  const newer = updates.slice(0, updates.indexOf(target) + 1);
  const current = newer.find(({ status }) => status?.phase === 'Succeeded');
  return target.spec.changes.map((change) => {
    const now = current?.spec.changes.find(({ source }) => source === change.source);
    return { ...change, from: now?.to ?? change.from, to: change.from };
  });
}

async function checkAllowed(
  { records, clock }: ApproveContext,
  request: RestoreRequest,
  changes: UpdateSpecWire['changes'],
  signal: AbortSignal,
): Promise<void> {
  const { namespace, app } = request;
  const rejections = await records.readRejections(namespace, signal);
  for (const { to } of changesOf({ changes })) {
    const rejection = findRejection(rejections, { namespace, name: app }, to.digest, clock.now());
    if (rejection) {
      throw usage(
        request,
        `${to.tag ?? to.digest} was rejected by ${rejection.author}; delete Rejection ${rejection.name} to allow it`,
      );
    }
  }
}

function usage({ namespace, app, to }: RestoreRequest, why: string): OperationError {
  const what = `restore ${namespace}/${app}${to === undefined ? '' : ` to ${to}`}`;
  return new OperationError(`${what}: ${why}`, { code: 'USAGE', retry: 'never' });
}
