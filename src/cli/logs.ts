import type { DirectRecords } from '../engine/ports/records.ts';
import type { UpdateObjectWire } from '../resources/update/decode-update.ts';
import {
  type Command,
  connectionOf,
  connectionOptions,
  type ExitCode,
  namespaceOption,
  usageError,
} from './command.ts';
import { requireUpdate } from './one-object.ts';
import { harmless } from './table.ts';
import { createTeller } from './update.ts';

export const logsCommand: Command = {
  name: 'logs',
  summary: 'Print what has become of an Update, or of the last one of an App, a line for each thing that happened.',
  arguments: [{ syntax: '<update>', description: 'the Update, or an App' }],
  options: [
    ...connectionOptions,
    namespaceOption,
    { flags: '-f, --follow', description: 'go on until the Update has ended; ends with 1 when it did not succeed' },
  ],
  async run({ arguments: [name], options, print, signal }) {
    if (name === undefined) {
      throw usageError('logs: name the Update, or an App');
    }
    const { withConnection } = await import('../app/commands/connect.ts');
    return await withConnection<ExitCode>(connectionOf(options), async ({ records, namespace, followUpdate }) => {
      const scope = options.text('namespace') ?? namespace;
      const update = await findUpdate(records, { namespace: scope, name }, signal);
      const tell = createTeller((line) => print(harmless(line)));
      if (!options.flag('follow')) {
        tell(update);
        return 0;
      }
      let phase: string | undefined;
      for await (const seen of followUpdate(update.metadata, signal)) {
        tell(seen);
        phase = seen.status?.phase;
      }
      return phase === 'Succeeded' ? 0 : 1;
    });
  },
};

async function findUpdate(
  records: DirectRecords,
  asked: { readonly namespace: string; readonly name: string },
  signal: AbortSignal,
): Promise<UpdateObjectWire> {
  const { namespace, name } = asked;
  const named = await records.readUpdate(namespace, name, signal);
  const [last] = named ? [named] : await records.readUpdates({ namespace, app: name }, signal);
  return requireUpdate(last, asked);
}
