/** Makes the Update objects of an App and keeps their number bounded. */
import { findUnproven } from '../../core/update/find-unproven.ts';
import { findHold, type Hold, type PastUpdate } from '../../core/update/hold.ts';
import type { VersionChange } from '../../core/update/version-change.ts';
import { encodeVersion } from '../../resources/app/app-status.ts';
import type { AppObjectWire } from '../../resources/app/decode-app.ts';
import { changesOf, hasEnded, journalOf, type UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { UpdateSpecWire } from '../../resources/update/update.ts';
import { holdsCheckpoint } from '../checkpoint/kept-checkpoints.ts';
import type { Survey } from '../deploy/deployer.ts';
import { basisOf } from '../gates/look-at-gates.ts';
import type { Clock } from '../ports/clock.ts';
import type { Records } from '../ports/records.ts';

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

export interface StartRequest {
  readonly changes: readonly VersionChange[];
  /** Of the App when the change was decided; a copy that was behind must not start anything. */
  readonly survey: Pick<Survey, 'confirm' | 'basis'>;
  /** By the product itself when absent. */
  readonly trigger?: UpdateSpecWire['trigger'];
  /** Only where it undoes another one. */
  readonly restore?: UpdateSpecWire['restore'];
}

/**
 * Starts an Update, unless one is open.
 *
 * The sequence number is that after the newest Update of the watched copy and is part of the name, so that of two controllers that
 * both mean to start one, and of a copy that was behind, one is refused. The list is not asked of the API server: that of a namespace
 * with many Apps is long, and each of them would ask for it.
 *
 * @throws API_CONFLICT when another controller was faster, UPDATE_CONFLICT when a workload has other images by now
 */
export async function startUpdate(
  context: StartContext,
  app: AppObjectWire,
  { changes, survey, trigger = { kind: 'Source', by: 'headgate', reason: describe(changes) }, restore }: StartRequest,
  signal: AbortSignal,
): Promise<UpdateObjectWire | undefined> {
  const { namespace, name } = app.metadata;
  await survey.confirm(signal);
  const updates = context.records.listUpdates(namespace, name);
  const [last] = updates;
  if (last && !hasEnded(last)) {
    return undefined;
  }
  const superseded = findUnprovenOf(updates, context.clock.now());
  const spec = {
    app: name,
    sequence: (last?.spec.sequence ?? 0) + 1,
    trigger,
    changes: changes.map((change) => toWire(change, superseded)),
    basis: basisOf(survey),
    ...(restore && { restore }),
    ...(superseded ? { supersedes: superseded.metadata.name } : {}),
  };
  return await context.records.createUpdate(app, spec, signal);
}

/** Removes the oldest ended Updates beyond the limit; what going back may need is kept whatever its age. */
export async function trimHistory(
  context: StartContext,
  app: AppObjectWire,
  limit: number,
  signal: AbortSignal,
): Promise<void> {
  const ended = context.records
    .listUpdates(app.metadata.namespace, app.metadata.name)
    .filter((update) => hasEnded(update));
  const lastGood = ended.find((update) => update.status?.phase === 'Succeeded');
  const unproven = findUnprovenOf(ended, context.clock.now());
  for (const update of ended.slice(limit)) {
    if (update !== lastGood && update !== unproven && !holdsCheckpoint(update)) {
      await context.records.deleteUpdate(update, signal);
    }
  }
}

function findUnprovenOf(updates: readonly UpdateObjectWire[], now: Date): UpdateObjectWire | undefined {
  const past = updates.map((update) => {
    const { phase, steps } = journalOf(update, now);
    return { update, phase, applied: steps.some(({ name }) => name === 'Apply') };
  });
  return findUnproven(past)?.update;
}

/** An Update that takes over from one that never proved itself starts from where that one started. */
function toWire(change: VersionChange, superseded: UpdateObjectWire | undefined) {
  const earlier = superseded?.spec.changes.find((one) => one.source === change.source);
  return {
    source: change.source,
    repository: change.repository,
    from: encodeVersion(earlier ? { tag: earlier.from.tag, digest: earlier.from.digest } : change.from),
    to: encodeVersion(change.to),
  };
}

function describe(changes: readonly VersionChange[]): string {
  const parts = changes.map(({ source, from, to }) => `${source} ${sayVersion(from)} -> ${sayVersion(to)}`);
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

const shortDigest = 19;

/** A version without a tag is told by the beginning of its digest, as pages and commands show it. */
function sayVersion({ tag, digest }: VersionChange['from']): string {
  return tag ?? digest?.slice(0, shortDigest) ?? 'nothing';
}
