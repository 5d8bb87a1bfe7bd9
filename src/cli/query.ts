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
} from './command.ts';
import { formOf, listFormOption } from './forms.ts';

export interface Query<T> {
  readonly name: string;
  /** Former words for it. */
  readonly aliases?: readonly string[];
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
  readonly toWideTable?: (found: T) => string;
}

/** The command that asks and prints. */
export function queryCommand<T>(query: Query<T>): Command {
  return {
    name: query.name,
    ...(query.aliases && { aliases: query.aliases }),
    summary: query.summary,
    arguments: query.arguments ?? [],
    options: [...connectionOptions, namespaceOption, allNamespacesOption, listFormOption],
    async run({ arguments: [argument], options, print, signal }) {
      const { withConnection } = await import('../app/commands/connect.ts');
      return await withConnection<ExitCode>(connectionOf(options), async ({ records, namespace }) => {
        const scope = options.flag('allNamespaces') ? undefined : (options.text('namespace') ?? namespace);
        const found = await query.read(records, { namespace: scope, argument }, signal);
        const { toWideTable } = query;
        print(
          formOf(options, {
            text: () => query.toTable(found),
            ...(toWideTable && { wide: () => toWideTable(found) }),
            json: () => query.toJson(found),
          }),
        );
        return 0;
      });
    },
  };
}
