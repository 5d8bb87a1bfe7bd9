import { insecureRegistryOption } from './adoption-options.ts';
import { type Command, connectionOf, connectionOptions, namespaceOption, usageError } from './command.ts';
import { formatJson } from './table.ts';

export const adoptCommand: Command = {
  name: 'adopt',
  summary: 'Print the App of a Helm release that has a keel: block in its values; changes nothing.',
  arguments: [{ syntax: '<release>', description: 'the Helm release' }],
  options: [
    ...connectionOptions,
    namespaceOption,
    insecureRegistryOption,
    { flags: '-o, --output <form>', description: 'how to print', default: 'yaml', choices: ['yaml', 'json'] },
  ],
  async run({ arguments: [release], options, print, signal }) {
    if (release === undefined) {
      throw usageError('adopt: name the Helm release');
    }
    const { adoptRelease } = await import('../app/adoption/adopt-release.ts');
    const app = await adoptRelease(
      {
        ...connectionOf(options),
        release,
        namespace: options.text('namespace'),
        insecureRegistries: options.list('insecureRegistry'),
      },
      signal,
    );
    if (options.text('output') === 'json') {
      print(formatJson(app));
      return 0;
    }
    const { dump } = await import('js-yaml');
    print(dump(app, { lineWidth: -1, noRefs: true }).trimEnd());
    return 0;
  },
};
