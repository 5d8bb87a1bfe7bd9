import { formatDuration } from '../core/duration.ts';
import { hasEnded, type UpdateObjectWire } from '../resources/update/decode-update.ts';
import {
  type Command,
  connectionOf,
  connectionOptions,
  type ExitCode,
  namespaceOption,
  usageError,
} from './command.ts';
import { formOf, formOption } from './forms.ts';
import { requireUpdate } from './one-object.ts';
import { formatTable } from './table.ts';
import { toUpdateTable } from './updates.ts';

export const updateCommand: Command = {
  name: 'update',
  summary: 'Show one Update: what it changes, its steps with their times, and what people did.',
  arguments: [{ syntax: '<update>', description: 'the Update' }],
  options: [...connectionOptions, namespaceOption, formOption],
  async run({ arguments: [name], options, print, signal }) {
    if (name === undefined) {
      throw usageError('update: name the Update');
    }
    const { withConnection } = await import('../app/commands/connect.ts');
    return await withConnection<ExitCode>(connectionOf(options), async ({ records, namespace }) => {
      const asked = { namespace: options.text('namespace') ?? namespace, name };
      const update = requireUpdate(await records.readUpdate(asked.namespace, name, signal), asked);
      print(formOf(options, { text: () => show(update), json: () => update }));
      return 0;
    });
  },
};

function show(update: UpdateObjectWire): string {
  const { steps = [], actions = [] } = update.status ?? {};
  const stepRows = steps.map(stepRow);
  const actionRows = actions.map(({ at, action, by, from, reason }) => [at, action, by, from, reason]);
  return [
    toUpdateTable([update]),
    stepRows.length === 0 ? '' : formatTable(['STARTED', 'STEP', 'RESULT', 'TOOK', 'MESSAGE'], stepRows),
    actionRows.length === 0 ? '' : formatTable(['WHEN', 'ACTION', 'BY', 'FROM', 'WHY'], actionRows),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

type Step = NonNullable<NonNullable<UpdateObjectWire['status']>['steps']>[number];

function stepRow({ startedAt, finishedAt, name, result, message }: Step): string[] {
  const took = finishedAt === undefined ? '' : formatDuration(Date.parse(finishedAt) - Date.parse(startedAt));
  return [startedAt, name, result ?? 'under way', took, message ?? ''];
}

/** Lines that say what has become of an Update, each once, however often it is looked at. */
export function createTeller(print: (line: string) => void): (update: UpdateObjectWire) => void {
  const told = new Set<string>();
  const once = (line: string) => {
    if (!told.has(line)) {
      told.add(line);
      print(line);
    }
  };
  return (update) => {
    for (const line of [...(update.status?.steps ?? []).flatMap(stepLines), ...lastLine(update)]) {
      once(line);
    }
  };
}

function stepLines({ name, startedAt, finishedAt, result, message }: Step): string[] {
  const said = message === undefined ? '' : `: ${message}`;
  return [
    `${startedAt} ${name} begins`,
    ...(finishedAt === undefined ? [] : [`${finishedAt} ${name} ${result ?? ''}${said}`]),
  ];
}

function lastLine(update: UpdateObjectWire): string[] {
  const { phase = 'Pending', waiting, failure, finishedAt = '' } = update.status ?? {};
  if (hasEnded(update)) {
    return [`${finishedAt} ${phase}${failure === undefined ? '' : `: ${failure.message}`}`];
  }
  const until = waiting?.until === undefined ? '' : `, until ${waiting.until}`;
  return waiting ? [`${phase} waits: ${waiting.message}${until}`] : [];
}
