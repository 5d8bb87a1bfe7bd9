import type { AppObjectWire } from '../resources/app/decode-app.ts';
import { sayWhy } from '../resources/say-why.ts';
import type { UpdateObjectWire } from '../resources/update/decode-update.ts';
import { appCommand } from './one-object.ts';
import { formatTable, harmless } from './table.ts';
import { toUpdateTable } from './updates.ts';

const shownUpdates = 10;

export const appShownCommand = appCommand({
  name: 'app',
  summary: 'Show one App: what its sources run and offer, what it looks after, its last Updates and what people did.',
  show: (app, updates) => show(app, updates),
  toJson: (app, updates) => ({
    ...app,
    updates: updates.map(({ metadata, spec, status }) => ({ name: metadata.name, ...spec, ...status })),
  }),
});

function show(app: AppObjectWire, updates: readonly UpdateObjectWire[]): string {
  const { status } = app;
  const sources = (status?.sources ?? []).map(({ name, current, available }) => [
    name,
    current?.tag ?? current?.digest ?? '',
    available?.tag ?? available?.digest ?? '',
  ]);
  const actions = (status?.actions ?? []).map(({ at, action, by, from, reason }) => [at, action, by, from, reason]);
  return [
    harmless(sayWhy(app, updates[0])),
    section(['SOURCE', 'CURRENT', 'AVAILABLE'], sources),
    section(
      ['LOOKS AFTER'],
      (status?.workloads ?? []).map((workload) => [workload]),
    ),
    updates.length === 0 ? '' : toUpdateTable(updates.slice(0, shownUpdates)),
    section(['WHEN', 'ACTION', 'BY', 'FROM', 'WHY'], actions),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function section(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : formatTable(heading, rows);
}
