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

export const restoreCommand: Command = {
  name: 'restore',
  summary: 'Go back with the data: answer an Update that asks, or bring back what was kept before one.',
  arguments: [{ syntax: '<app>', description: 'the App' }],
  options: [
    ...connectionOptions,
    namespaceOption,
    {
      flags: '--to <update>',
      description: 'the Update before which all is to be again; else the newest with a checkpoint',
    },
    { flags: '--keep-data', description: 'to an Update that asks: go back, and leave the data as it is' },
    { flags: '--reason <text>', description: 'why, for the record', default: 'restored by hand' },
    outputOption,
  ],
  async run({ arguments: [app], options, print, signal }) {
    if (app === undefined) {
      throw usageError('restore: name the App');
    }
    const { withConnection } = await import('../app/commands/connect.ts');
    const { restoreApp } = await import('../engine/update/restore-app.ts');
    return await withConnection<ExitCode>(connectionOf(options), async ({ namespace, ...context }) => {
      const request = {
        namespace: options.text('namespace') ?? namespace,
        app,
        to: options.text('to'),
        keepData: options.flag('keep-data'),
        by: await context.reviews.whoAmI(signal),
        reason: options.given('reason'),
      };
      const answer = await restoreApp(context, request, signal);
      const said =
        answer.kind === 'Answered'
          ? `Update ${answer.update} goes back ${answer.data ? 'with' : 'without'} the data`
          : `Update ${answer.update} goes back to before ${answer.to}, with the data; rejected: ${answer.rejected.join(', ') || 'nothing'}`;
      print(options.text('output') === 'json' ? formatJson(answer) : harmless(said));
      return 0;
    });
  },
};
