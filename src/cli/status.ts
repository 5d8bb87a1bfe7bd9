import { withConnection } from '../app/connect.ts';
import type { AppObjectWire } from '../resources/decode-app.ts';
import {
  allNamespacesOption,
  type Command,
  connectionOf,
  connectionOptions,
  type ExitCode,
  namespaceOption,
  outputOption,
} from './command.ts';
import { formatTable } from './table.ts';

export const statusCommand: Command = {
  name: 'status',
  summary: 'Show each App: what runs, what is newer, what it waits for.',
  arguments: [],
  options: [...connectionOptions, namespaceOption, allNamespacesOption, outputOption],
  async run({ options, print, signal }) {
    return await withConnection<ExitCode>(connectionOf(options), async ({ records, namespace }) => {
      const scope = options.flag('allNamespaces') ? undefined : (options.text('namespace') ?? namespace);
      const apps = await records.readApps(scope, signal);
      const rows = apps.map(({ metadata, status }) => ({
        namespace: metadata.namespace,
        name: metadata.name,
        ...status,
      }));
      print(
        options.text('output') === 'json'
          ? JSON.stringify(rows, undefined, 2)
          : formatTable(appTableHeading, appRows(apps)),
      );
      return 0;
    });
  },
};

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
