import { type Command, type ExitCode, usageError } from './command.ts';
import { harmless } from './table.ts';

const maxBytes = 4 * 2 ** 20;

export const convertCommand: Command = {
  name: 'convert',
  summary:
    'Turn the configuration of another system into manifests and Apps; what cannot be carried over is told line by line.',
  arguments: [
    { syntax: '<system>', description: 'bitesize: environments.bitesize of the Environment Operator' },
    { syntax: '<file>', description: 'the file; - is standard input' },
  ],
  options: [
    { flags: '--environment <name>', description: 'only this environment; all when absent' },
    {
      flags: '--registry <host>',
      description: 'registry of the images, as DOCKER_REGISTRY of the operator',
      default: '',
    },
  ],
  async run({ arguments: [system, file], options, print, warn, signal }): Promise<ExitCode> {
    if (system !== 'bitesize' || file === undefined) {
      throw usageError('convert: write headgate convert bitesize FILE');
    }
    const { readTextFile } = await import('../app/commands/read-text-file.ts');
    const { convertBitesize } = await import('../core/bitesize/convert-bitesize.ts');
    const { stringify } = await import('yaml');
    const text = await readTextFile(file, maxBytes, signal);
    const { objects, notes } = convertBitesize(text, {
      environment: options.text('environment'),
      registry: options.given('registry'),
    });
    print(
      objects
        .map((object) => stringify(object))
        .join('---\n')
        .trimEnd(),
    );
    for (const { path, line, message } of notes) {
      warn(harmless(`${file}:${line}: ${path}: ${message}`));
    }
    return 0;
  },
};
