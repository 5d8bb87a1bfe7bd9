import { parseDuration } from '../core/duration.ts';
import { isOperationError } from '../core/errors.ts';
import { type Command, connectionOf, connectionOptions, type Options, outputOption, usageError } from './command.ts';
import { formatJson, formatTable } from './table.ts';

export const crdsCommand: Command = {
  name: 'crds',
  summary: 'Print the CustomResourceDefinitions of this version, or put them into the cluster.',
  arguments: [],
  options: [
    ...connectionOptions,
    {
      flags: '--apply',
      description: 'put them into the cluster and wait until they are served; those of a later version stay',
    },
    { flags: '--timeout <duration>', description: 'longest time for --apply', default: '1m' },
    outputOption,
  ],
  async run({ options, print, signal }) {
    const { ownDefinitions, putDefinitions } = await import('../app/commands/put-definitions.ts');
    const isJson = options.text('output') === 'json';
    if (!options.flag('apply')) {
      const { stringify } = await import('yaml');
      const objects = ownDefinitions();
      const toYaml = (object: object) => stringify(object, { aliasDuplicateObjects: false, lineWidth: 120 });
      print(
        isJson
          ? formatJson({ apiVersion: 'v1', kind: 'List', items: objects })
          : objects.map(toYaml).join('---\n').trimEnd(),
      );
      return 0;
    }
    const timeoutMs = timeoutOf(options);
    const put = await putDefinitions({ ...connectionOf(options), timeoutMs }, signal);
    const rows = put.map(({ name, result, version }) => [name, result, version]);
    print(isJson ? formatJson(put) : formatTable(['DEFINITION', 'RESULT', 'VERSION'], rows));
    return 0;
  },
};

/** As long as somebody waits for Helm. */
function timeoutOf(options: Options): number {
  const text = options.given('timeout');
  try {
    const timeoutMs = parseDuration(text, '--timeout');
    if (timeoutMs >= 1_000 && timeoutMs <= 3_600_000) {
      return timeoutMs;
    }
  } catch (error) {
    throw isOperationError(error, 'OBJECT_INVALID') ? usageError(error.message) : error;
  }
  throw usageError(`--timeout: "${text}" is not between 1s and 1h`);
}
