/** Going back because a person asks: an Update towards what ran before, and Rejections so that it lasts. */
import { findRejection, type Rejection } from '../../core/app/rejection.ts';
import { OperationError } from '../../core/errors.ts';
import type { Version } from '../../core/update/version-change.ts';
import { encodeVersion } from '../../resources/app/app-status.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import { changesOf, hasEnded, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { UpdateSpecWire } from '../../resources/update/update.ts';
import type { Clock } from '../ports/clock.ts';
import type { DirectRecords } from '../ports/records.ts';

export interface RollbackRequest {
  readonly namespace: string;
  readonly app: string;
  /** The Update whose result is to come back; undefined: what ran before the last one that succeeded. */
  readonly to: string | undefined;
  readonly by: string;
  readonly reason: string;
}

export type RollbackAnswer =
  /** There is an Update towards the former versions: made by this request, or under way already. */
  | { readonly kind: 'Started'; readonly update: string; readonly rejected: readonly string[] }
  /** An Update was under way; rejecting its versions makes it go back by itself. */
  | { readonly kind: 'Stopping'; readonly update: string; readonly rejected: readonly string[] };

/**
 * Rejects what is to be left, then starts the way back. Rejections come first: were the process to die in between,
 * asking again finishes it, and no version that was left can return.
 *
 * @throws USAGE when there is nothing to go back to, or only what was rejected itself
 */
export async function rollBack(
  context: { readonly records: DirectRecords; readonly clock: Clock },
  request: RollbackRequest,
  signal: AbortSignal,
): Promise<RollbackAnswer> {
  const { records, clock } = context;
  const { namespace } = request;
  const app = await findApp(records, request, signal);
  const updates = await records.readUpdates({ namespace, app: request.app }, signal);
  const [last] = updates;
  if (last && !hasEnded(last) && request.to === undefined) {
    return await stop(records, request, last, signal);
  }
  const way = planWay(updates, request);
  checkWay(way, request, await records.readRejections(namespace, signal), clock.now());
  const rejected = await rejectVersions(records, request, way, signal);
  const created = await records.createUpdate(app, specOf(request, way, (last?.spec.sequence ?? 0) + 1), signal);
  return { kind: 'Started', update: created.metadata.name, rejected };
}

/** One that goes back already is left alone: its version is where the caller wants to go. */
async function stop(
  records: DirectRecords,
  request: RollbackRequest,
  open: UpdateObjectWire,
  signal: AbortSignal,
): Promise<RollbackAnswer> {
  const update = open.metadata.name;
  if (open.spec.trigger.kind === 'Rollback') {
    return { kind: 'Started', update, rejected: [] };
  }
  const rejected = await rejectVersions(records, request, { leave: [open], changes: [] }, signal);
  return { kind: 'Stopping', update, rejected };
}

interface Way {
  readonly restore: { readonly update: string; readonly state: 'Before' | 'After' };
  /** Updates whose versions are left, newest first. */
  readonly leave: readonly UpdateObjectWire[];
  readonly changes: UpdateSpecWire['changes'];
}

export async function findApp(
  records: DirectRecords,
  { namespace, app }: RollbackRequest,
  signal: AbortSignal,
): Promise<AppObjectWire> {
  const found = await records.readApp(namespace, app, signal);
  if (!found) {
    throw usage(`roll back ${namespace}/${app}: there is no such App`);
  }
  return found;
}

function planWay(updates: readonly UpdateObjectWire[], request: RollbackRequest): Way {
  const { namespace, app, to } = request;
  const open = updates.find((update) => !hasEnded(update));
  if (open) {
    throw usage(
      `roll back ${namespace}/${app}: Update ${open.metadata.name} is under way; stop it first with rollback without --to`,
    );
  }
  const succeeded = updates.filter((update) => update.status?.phase === 'Succeeded');
  const [current] = succeeded;
  if (!current) {
    throw usage(`roll back ${namespace}/${app}: no Update has succeeded yet, so nothing ran before that is known`);
  }
  if (to === undefined) {
    const changes = current.spec.changes.map((change) => ({ ...change, from: change.to, to: change.from }));
    return { restore: { update: current.metadata.name, state: 'Before' }, leave: [current], changes };
  }
  const target = succeeded.find((update) => update.metadata.name === to);
  if (!target || target === current) {
    const known = succeeded.slice(1).map((update) => update.metadata.name);
    throw usage(
      `roll back ${namespace}/${app} to ${to}: not an earlier Update that succeeded; there are ${known.join(', ') || 'none'}`,
    );
  }
  const leave = succeeded.slice(0, succeeded.indexOf(target));
  return { restore: { update: to, state: 'After' }, leave, changes: changesBetween(current, target) };
}

/** Refuses before anything is rejected: afterwards neither what runs nor what is asked for might be allowed. */
function checkWay(way: Way, request: RollbackRequest, rejections: readonly Rejection[], now: Date): void {
  const { namespace, app } = request;
  const what = `roll back ${namespace}/${app}${request.to === undefined ? '' : ` to ${request.to}`}`;
  const known = (version: Way['changes'][number]['to']) => version.tag ?? version.digest ?? '?';
  for (const { source, to } of way.changes) {
    const rejection = findRejection(rejections, { namespace, name: app }, to.digest, now);
    if (rejection) {
      throw usage(
        `${what}: ${source} ${known(to)} was rejected by ${rejection.author} (${rejection.reason}); delete Rejection ${rejection.name} to allow it, or choose another Update with --to`,
      );
    }
  }
  if (way.changes.every(({ from, to }) => to.digest !== undefined && to.digest === from.digest)) {
    const versions = way.changes.map(({ source, to }) => `${source} ${known(to)}`).join(', ');
    throw usage(`${what}: it brought ${versions}, which runs already`);
  }
}

function changesBetween(current: UpdateObjectWire, target: UpdateObjectWire): UpdateSpecWire['changes'] {
  const now = new Map<string, Version>(changesOf(current.spec).map((change) => [change.source, change.to]));
  return target.spec.changes.map((change) => ({
    source: change.source,
    repository: change.repository,
    from: encodeVersion(now.get(change.source) ?? { tag: undefined, digest: undefined }),
    to: change.to,
  }));
}

export async function rejectVersions(
  records: DirectRecords,
  request: RollbackRequest,
  { leave, changes }: Pick<Way, 'leave' | 'changes'>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const kept = new Set(changes.map((change) => change.to.digest));
  const rejected: string[] = [];
  for (const update of leave) {
    for (const { repository, from, to } of changesOf(update.spec)) {
      if (to.digest === undefined || to.digest === from.digest || kept.has(to.digest)) {
        continue;
      }
      const spec = {
        app: request.app,
        repository,
        ...(to.tag === undefined ? {} : { tag: to.tag }),
        digest: to.digest,
        reason: request.reason,
        author: request.by,
        update: update.metadata.name,
      };
      await records.reject(request.namespace, spec, signal);
      rejected.push(to.tag ?? to.digest);
    }
  }
  return rejected;
}

function specOf(request: RollbackRequest, way: Way, sequence: number): UpdateSpecWire {
  return {
    app: request.app,
    sequence,
    trigger: { kind: 'Rollback', by: request.by, reason: request.reason },
    changes: way.changes,
    restore: way.restore,
  };
}

function usage(message: string): OperationError {
  return new OperationError(message, { code: 'USAGE', retry: 'never' });
}
