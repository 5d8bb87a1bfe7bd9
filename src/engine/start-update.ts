/** Makes the Update objects of an App and keeps their number bounded. */
import { findHold, type Hold, type PastUpdate } from '../core/update/hold.ts';
import { isFinal, type VersionChange } from '../core/update/journal.ts';
import type { AppObjectWire } from '../resources/decode-app.ts';
import { changesOf, journalOf, type UpdateObjectWire } from '../resources/decode-update.ts';
import type { Clock, Records } from './ports.ts';

export interface StartContext {
  readonly records: Records;
  readonly clock: Clock;
}

/** Whether the App must be patient before it tries this change again. */
export function findHoldFor(
  context: StartContext,
  app: AppObjectWire,
  changes: readonly VersionChange[],
): Hold | undefined {
  const past = context.records
    .listUpdates(app.metadata.namespace, app.metadata.name)
    .map((update) => toPast(update, context.clock.now()));
  return findHold(past, changes, context.clock.now());
}

/**
 * Starts an Update, unless one is open.
 *
 * The sequence number is chosen from the API server's own list and is part of the name, so that of two controllers
 * that both mean to start one, one is refused.
 *
 * @throws API_CONFLICT when another controller was faster
 */
export async function startUpdate(
  context: StartContext,
  app: AppObjectWire,
  changes: readonly VersionChange[],
  signal: AbortSignal,
): Promise<UpdateObjectWire | undefined> {
  const { namespace, name } = app.metadata;
  const now = context.clock.now();
  const updates = await context.records.readUpdates(namespace, name, signal);
  const [last] = updates;
  if (last && !isFinal(journalOf(last, now).phase)) {
    return undefined;
  }
  const superseded = last && journalOf(last, now).phase === 'Superseded' ? last : undefined;
  const spec = {
    app: name,
    sequence: (last?.spec.sequence ?? 0) + 1,
    trigger: { kind: 'Source' as const, by: 'headgate', reason: describe(changes) },
    changes: changes.map((change) => toWire(change, superseded)),
    ...(superseded ? { supersedes: superseded.metadata.name } : {}),
  };
  return await context.records.createUpdate(app, spec, signal);
}

/** Removes the oldest ended Updates beyond the limit; the last one that succeeded is kept whatever its age. */
export async function trimHistory(
  context: StartContext,
  app: AppObjectWire,
  limit: number,
  signal: AbortSignal,
): Promise<void> {
  const now = context.clock.now();
  const ended = context.records
    .listUpdates(app.metadata.namespace, app.metadata.name)
    .filter((update) => isFinal(journalOf(update, now).phase));
  const lastGood = ended.find((update) => update.status?.phase === 'Succeeded');
  for (const update of ended.slice(limit)) {
    if (update !== lastGood) {
      await context.records.deleteUpdate(update, signal);
    }
  }
}

/** An Update that takes over from one that never proved itself starts from where that one started. */
function toWire(change: VersionChange, superseded: UpdateObjectWire | undefined) {
  const earlier = superseded?.spec.changes.find((one) => one.source === change.source);
  return {
    source: change.source,
    repository: change.repository,
    from: versionToWire(earlier?.from ?? change.from),
    to: versionToWire(change.to),
  };
}

function versionToWire(version: { readonly tag?: string | undefined; readonly digest?: string | undefined }) {
  return {
    ...(version.tag === undefined ? {} : { tag: version.tag }),
    ...(version.digest === undefined ? {} : { digest: version.digest }),
  };
}

function describe(changes: readonly VersionChange[]): string {
  const parts = changes.map((change) => `${change.source} ${change.from.tag ?? '?'} -> ${change.to.tag ?? '?'}`);
  return `newer: ${parts.join(', ')}`;
}

function toPast(update: UpdateObjectWire, now: Date): PastUpdate {
  const journal = journalOf(update, now);
  return {
    name: update.metadata.name,
    phase: journal.phase,
    changes: changesOf(update.spec),
    finishedAt: journal.finishedAt,
    message: journal.steps.at(-1)?.message ?? '',
  };
}
