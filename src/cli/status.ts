import type { AppObjectWire } from '../resources/decode-app.ts';
import { queryCommand } from './query.ts';
import { formatTable } from './table.ts';

export const statusCommand = queryCommand({
  name: 'status',
  summary: 'Show each App: what runs, what is newer, what it waits for.',
  read: (records, { namespace }, signal) => records.readApps(namespace, signal),
  toJson: (apps) =>
    apps.map(({ metadata, status }) => ({ namespace: metadata.namespace, name: metadata.name, ...status })),
  toTable: (apps) => formatTable(appTableHeading, appRows(apps)),
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
