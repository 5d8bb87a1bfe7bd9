/** Commands that read the cluster and print a table or JSON. */
import type { DirectRecords } from '../engine/ports/records.ts';
import {
  type ArgumentDefinition,
  allNamespacesOption,
  type Command,
  connectionOf,
  connectionOptions,
  type ExitCode,
  namespaceOption,
  outputOption,
} from './command.ts';
import { formatJson } from './table.ts';

export interface Query<T> {
  readonly name: string;
  readonly summary: string;
  readonly arguments?: readonly ArgumentDefinition[];
  /** @param scope.namespace all namespaces when undefined */
  readonly read: (
    records: DirectRecords,
    scope: { readonly namespace: string | undefined; readonly argument: string | undefined },
    signal: AbortSignal,
  ) => Promise<T>;
  readonly toJson: (found: T) => unknown;
  readonly toTable: (found: T) => string;
}

/** The command that asks and prints. */
export function queryCommand<T>(query: Query<T>): Command {
  return {
    name: query.name,
    summary: query.summary,
    arguments: query.arguments ?? [],
    options: [...connectionOptions, namespaceOption, allNamespacesOption, outputOption],
    async run({ arguments: [argument], options, print, signal }) {
      const { withConnection } = await import('../app/connect.ts');
      return await withConnection<ExitCode>(connectionOf(options), async ({ records, namespace }) => {
        const scope = options.flag('allNamespaces') ? undefined : (options.text('namespace') ?? namespace);
        const found = await query.read(records, { namespace: scope, argument }, signal);
        const isJson = options.text('output') === 'json';
        print(isJson ? formatJson(query.toJson(found)) : query.toTable(found));
        return 0;
      });
    },
  };
}
