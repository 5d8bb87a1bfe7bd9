import type { AppObjectWire } from '../resources/app/decode-app.ts';
import { usageError } from './command.ts';
import { queryCommand } from './query.ts';
import { formatTable } from './table.ts';

interface Shown {
  readonly apps: readonly AppObjectWire[];
  /** Whether one App was asked for by name, and all that is known of it is shown. */
  readonly isOne: boolean;
}

export const appsCommand = queryCommand<Shown>({
  name: 'apps',
  aliases: ['status'],
  summary:
    'Show each App: what runs, what is newer, what it waits for; of one also what is newer and not taken, and why.',
  arguments: [{ syntax: '[app]', description: 'name of an App; default: all' }],
  async read(records, { namespace, argument }, signal) {
    const all = await records.readApps(namespace, signal);
    const apps = argument === undefined ? all : all.filter(({ metadata }) => metadata.name === argument);
    if (argument !== undefined && apps.length === 0) {
      throw usageError(
        `there is no App "${argument}" in ${namespace === undefined ? 'any namespace' : `namespace "${namespace}"`}`,
      );
    }
    return { apps, isOne: argument !== undefined };
  },
  toJson: ({ apps }) =>
    apps.map(({ metadata, status }) => ({ namespace: metadata.namespace, name: metadata.name, ...status })),
  toTable: ({ apps, isOne }) =>
    [formatTable(appTableHeading, appRows(apps)), ...(isOne ? apps.flatMap(notTaken) : [])].join('\n\n'),
  toWideTable: ({ apps, isOne }) => {
    const rows = appRows(apps).map((row, index) => [...row, ...moreOf(apps[index])]);
    const table = formatTable([...appTableHeading, 'DEPLOY', 'UPDATE', 'LOOKS AFTER'], rows);
    return [table, ...(isOne ? apps.flatMap(notTaken) : [])].join('\n\n');
  },
});

export const appTableHeading = ['NAMESPACE', 'APP', 'READY', 'CURRENT', 'AVAILABLE', 'WAITING', 'UNTIL', 'MESSAGE'];

/** One line an App. */
export function appRows(apps: readonly AppObjectWire[]): string[][] {
  return apps.map(({ metadata, status }) => [
    metadata.namespace,
    metadata.name,
    status?.conditions?.find((condition) => condition.type === 'Ready')?.status ?? 'Unknown',
    status?.current ?? '',
    status?.available ?? '',
    status?.waiting?.reason ?? '',
    status?.waiting?.until ?? '',
    status?.waiting?.message ?? '',
  ]);
}

/** Newer versions with the reason why they stay where they are; nothing where there are none. */
function notTaken({ status }: AppObjectWire): readonly string[] {
  const rows = (status?.sources ?? []).flatMap(({ name, passedOver = [], passedOverCount = 0 }) => {
    const others = passedOverCount - passedOver.length;
    const more = others > 0 ? [[name, '...', '', `and ${others} more`]] : [];
    return [...passedOver.map(({ tag, reason, message }) => [name, tag, reason, message]), ...more];
  });
  return rows.length === 0 ? [] : [formatTable(['SOURCE', 'NOT TAKEN', 'REASON', 'MESSAGE'], rows)];
}

function moreOf(app: AppObjectWire | undefined): string[] {
  const { spec, status } = app ?? {};
  return [Object.keys(spec?.deploy ?? {}).join(', '), status?.update ?? '', (status?.workloads ?? []).join(', ')];
}
