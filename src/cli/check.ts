import { checkAtKey } from '../resources/metadata.ts';
import {
  type Command,
  connectionOf,
  connectionOptions,
  type ExitCode,
  namespaceOption,
  usageError,
} from './command.ts';
import { harmless } from './table.ts';

export const checkCommand: Command = {
  name: 'check',
  summary: 'Have the controller look at the sources of an App now.',
  arguments: [{ syntax: '<app>', description: 'the App' }],
  options: [...connectionOptions, namespaceOption],
  async run({ arguments: [name], options, print, signal }) {
    if (name === undefined) {
      throw usageError('check: name the App');
    }
    const { withConnection } = await import('../app/commands/connect.ts');
    const { requireApp } = await import('../engine/update/approve.ts');
    return await withConnection<ExitCode>(connectionOf(options), async ({ records, namespace, clock }) => {
      const app = { namespace: options.text('namespace') ?? namespace, name };
      await requireApp(records, app, signal);
      await records.annotateApp(app, { [checkAtKey]: clock.now().toISOString() }, signal);
      print(harmless(`the sources of ${name} are looked at as soon as the controller sees it`));
      return 0;
    });
  },
};
