import { formatDuration } from '../core/duration.ts';
import type { UpdateObjectWire } from '../resources/update/decode-update.ts';
import { queryCommand } from './query.ts';
import { formatTable } from './table.ts';

export const updatesCommand = queryCommand({
  name: 'updates',
  aliases: ['history'],
  summary: 'Show what was updated when, how it ended and why; oldest first.',
  arguments: [{ syntax: '[app]', description: 'only this App' }],
  async read(records, { namespace, argument }, signal) {
    const updates = await records.readUpdates({ namespace, ...(argument !== undefined && { app: argument }) }, signal);
    return updates.toSorted(byTime);
  },
  toJson: (updates) => updates.map(toRecord),
  toTable: toUpdateTable,
  toWideTable: (updates) => toUpdateTable(updates, 'wide'),
});

function byTime(left: UpdateObjectWire, right: UpdateObjectWire): number {
  const time = (update: UpdateObjectWire) => update.status?.startedAt ?? update.metadata.creationTimestamp;
  return time(left).localeCompare(time(right)) || left.spec.sequence - right.spec.sequence;
}

function toRecord({ metadata, spec, status }: UpdateObjectWire) {
  return { namespace: metadata.namespace, name: metadata.name, ...spec, ...status };
}

/** One line an Update; `wide` adds who approved it and why it was started. */
export function toUpdateTable(updates: readonly UpdateObjectWire[], form: 'table' | 'wide' = 'table'): string {
  const more = form === 'wide' ? ['APPROVED BY', 'REASON'] : [];
  const heading = ['UPDATE', 'CHANGE', 'OUTCOME', 'STARTED', 'TOOK', 'BY', 'WHY', ...more];
  return formatTable(
    heading,
    updates.map((update) => [
      `${update.metadata.namespace}/${update.metadata.name}`,
      changeText(update),
      update.status?.phase ?? 'Pending',
      update.status?.startedAt?.replace(/\.\d+Z$/, 'Z') ?? '',
      tookText(update),
      update.spec.trigger.by,
      update.status?.failure?.message ?? update.status?.waiting?.message ?? update.spec.trigger.reason,
      ...(form === 'wide'
        ? [(update.status?.approvals ?? []).map(({ by }) => by).join(', '), update.spec.trigger.reason]
        : []),
    ]),
  );
}

function changeText(update: UpdateObjectWire): string {
  return update.spec.changes
    .map(({ source, from, to }) => `${source} ${from.tag ?? from.digest ?? '?'} -> ${to.tag ?? to.digest ?? '?'}`)
    .join(', ');
}

function tookText({ status }: UpdateObjectWire): string {
  if (status?.startedAt === undefined || status.finishedAt === undefined) {
    return '';
  }
  return formatDuration(Date.parse(status.finishedAt) - Date.parse(status.startedAt));
}
