import { withConnection } from '../app/connect.ts';
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

export const rejectionsCommand: Command = {
  name: 'rejections',
  summary: 'Show the versions that must not be taken again. Deleting a Rejection lifts it.',
  arguments: [],
  options: [...connectionOptions, namespaceOption, allNamespacesOption, outputOption],
  async run({ options, print, signal }) {
    return await withConnection<ExitCode>(connectionOf(options), async ({ records, namespace }) => {
      const scope = options.flag('allNamespaces') ? undefined : (options.text('namespace') ?? namespace);
      const rejections = await records.readRejections(scope, signal);
      const rows = rejections.map((one) => [
        one.namespace,
        one.name,
        one.app ?? '(all)',
        one.tag ?? '',
        one.digest,
        one.author,
        one.expiresAt?.toISOString() ?? 'never',
        one.reason,
      ]);
      const heading = ['NAMESPACE', 'REJECTION', 'APP', 'TAG', 'DIGEST', 'BY', 'EXPIRES', 'REASON'];
      print(options.text('output') === 'json' ? JSON.stringify(rejections, undefined, 2) : formatTable(heading, rows));
      return 0;
    });
  },
};
