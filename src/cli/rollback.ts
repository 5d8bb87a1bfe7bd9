import {
  type Command,
  connectionOf,
  connectionOptions,
  type ExitCode,
  namespaceOption,
  outputOption,
  usageError,
} from './command.ts';
import { formatJson, harmless } from './table.ts';

export const rollbackCommand: Command = {
  name: 'rollback',
  summary: 'Go back to what ran before, and reject what is left so that it does not return.',
  arguments: [{ syntax: '<app>', description: 'the App' }],
  options: [
    ...connectionOptions,
    namespaceOption,
    { flags: '--to <update>', description: 'an earlier Update that succeeded; its versions come back' },
    { flags: '--reason <text>', description: 'why, for the record', default: 'rolled back by hand' },
    outputOption,
  ],
  async run({ arguments: [app], options, print, signal }) {
    if (app === undefined) {
      throw usageError('rollback: name the App');
    }
    const { callerName } = await import('../app/config.ts');
    const { withConnection } = await import('../app/commands/connect.ts');
    const { rollBack } = await import('../engine/update/roll-back.ts');
    return await withConnection<ExitCode>(connectionOf(options), async ({ records, namespace, clock }) => {
      const request = {
        namespace: options.text('namespace') ?? namespace,
        app,
        to: options.text('to'),
        by: callerName(),
        reason: options.given('reason'),
      };
      const answer = await rollBack({ records, clock }, request, signal);
      const rejected =
        answer.rejected.length === 0 ? 'nothing was rejected' : `rejected: ${answer.rejected.join(', ')}`;
      const said =
        answer.kind === 'Started'
          ? `Update ${answer.update} goes back; ${rejected}`
          : `Update ${answer.update} is stopped and goes back; ${rejected}`;
      print(options.text('output') === 'json' ? formatJson(answer) : harmless(said));
      return 0;
    });
  },
};
