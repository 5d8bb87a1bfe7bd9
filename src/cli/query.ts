/** Commands that read the cluster and print a table or JSON. */
import { withConnection } from '../app/connect.ts';
import type { DirectRecords } from '../engine/ports.ts';
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
      return await withConnection<ExitCode>(connectionOf(options), async ({ records, namespace }) => {
        const scope = options.flag('allNamespaces') ? undefined : (options.text('namespace') ?? namespace);
        const found = await query.read(records, { namespace: scope, argument }, signal);
        const isJson = options.text('output') === 'json';
        print(isJson ? JSON.stringify(query.toJson(found), undefined, 2) : query.toTable(found));
        return 0;
      });
    },
  };
}
