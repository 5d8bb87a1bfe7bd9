import type { Preview, PreviewedObject } from '../engine/deploy/manifests/preview.ts';
import { type Command, connectionOf, connectionOptions, namespaceOption, outputOption } from './command.ts';
import { sourceFolderOption } from './controller.ts';
import { formatJson } from './table.ts';

export const planCommand: Command = {
  name: 'plan',
  summary: 'Show what the next Update of an App made of manifests would change; nothing is changed.',
  arguments: [{ syntax: '<app>', description: 'name of the App' }],
  options: [...connectionOptions, namespaceOption, sourceFolderOption, outputOption],
  async run({ arguments: [app = ''], options, print, signal }) {
    const { planApp } = await import('../app/commands/plan-app.ts');
    const plan = await planApp(
      {
        ...connectionOf(options),
        namespace: options.text('namespace'),
        app,
        sourceFolder: options.text('sourceFolder'),
      },
      signal,
    );
    print(options.text('output') === 'json' ? formatJson(plan) : toText(plan));
    return plan.objects.some(({ change }) => change === 'Refused') ? 1 : 0;
  },
};

const signs: Readonly<Record<PreviewedObject['change'], string>> = {
  Create: '+',
  Change: '~',
  Prune: '-',
  Refused: '!',
  None: ' ',
};

function toText({ objects, oneWays }: Preview): string {
  const changed = objects.filter(({ change }) => change !== 'None');
  const blocks = changed.map(({ object, change, lines }) =>
    [`${signs[change]} ${object}`, ...lines.map((line) => `    ${line}`)].join('\n'),
  );
  const count = (change: PreviewedObject['change']) => objects.filter((one) => one.change === change).length;
  const refused = count('Refused');
  const total = `${count('Create')} to create, ${count('Change')} to change, ${count('Prune')} to prune, ${count('None')} unchanged${refused === 0 ? '' : `, ${refused} refused`}`;
  const warnings = oneWays.map((text) => `cannot be taken back: ${text}`);
  return [...blocks, ...warnings, total].join('\n');
}
