import { vetoAnnotation, vetoUntilAnnotation } from '../core/gates/veto.ts';
import {
  type Command,
  connectionOf,
  connectionOptions,
  type ExitCode,
  namespaceOption,
  usageError,
} from './command.ts';
import { harmless } from './table.ts';

export const holdCommand: Command = {
  name: 'hold',
  aliases: ['veto'],
  summary: 'Say "not now" for an App: no Update of it begins until the hold ends or is lifted.',
  arguments: [{ syntax: '<app>', description: 'the App' }],
  options: [
    ...connectionOptions,
    namespaceOption,
    { flags: '--reason <text>', description: 'why; everybody who wonders sees it' },
    { flags: '--for <duration>', description: 'for how long, for example 2h; until it is lifted when absent' },
    { flags: '--lift', description: 'take the hold away' },
  ],
  async run({ arguments: [name], options, print, signal }) {
    const reason = options.text('reason');
    const lift = options.flag('lift');
    if (name === undefined) {
      throw usageError('hold: name the App');
    }
    if (lift === (reason !== undefined)) {
      throw usageError('hold: give --reason, or --lift to take a hold away');
    }
    const { withConnection } = await import('../app/commands/connect.ts');
    const { parseDuration } = await import('../core/duration.ts');
    const { requireApp } = await import('../engine/update/approve.ts');
    const duration = options.text('for');
    const lastsMs = duration === undefined ? undefined : parseDuration(duration, '--for');
    return await withConnection<ExitCode>(connectionOf(options), async ({ records, namespace, clock }) => {
      const app = { namespace: options.text('namespace') ?? namespace, name };
      await requireApp(records, app, signal);
      const until = lastsMs === undefined ? null : new Date(clock.now().getTime() + lastsMs).toISOString();
      const annotations = lift
        ? { [vetoAnnotation]: null, [vetoUntilAnnotation]: null }
        : { [vetoAnnotation]: reason ?? '', [vetoUntilAnnotation]: until };
      await records.annotateApp(app, annotations, signal);
      print(
        harmless(
          lift
            ? `the veto on ${name} is lifted`
            : `${name} is held${until === null ? '' : ` until ${until}`}: ${reason}`,
        ),
      );
      return 0;
    });
  },
};
