import {
  type Command,
  connectionOf,
  connectionOptions,
  type ExitCode,
  namespaceOption,
  usageError,
} from './command.ts';
import { harmless } from './table.ts';

export const approveCommand: Command = {
  name: 'approve',
  summary: 'Approve an Update that waits for people; the API server says who you are and whether you may.',
  arguments: [{ syntax: '<update>', description: 'the Update; headgate apps names it' }],
  options: [
    ...connectionOptions,
    namespaceOption,
    { flags: '--fix', description: 'it mends what is not well, so it does not wait for that' },
    { flags: '--channel', description: 'the name is that of a Channel, whose candidate is approved' },
  ],
  async run({ arguments: [name], options, print, signal }) {
    if (name === undefined) {
      throw usageError('approve: name the Update');
    }
    const { withConnection } = await import('../app/commands/connect.ts');
    if (options.flag('channel')) {
      const { approveCandidate } = await import('../engine/candidate/approve-candidate.ts');
      return await withConnection<ExitCode>(connectionOf(options), async ({ namespace, ...context }) => {
        const channel = { namespace: options.text('namespace') ?? namespace, name };
        const { candidate, approvals } = await approveCandidate(context, channel, signal);
        print(harmless(`Candidate ${candidate} of Channel ${name} is approved; so far: ${approvals.join(', ')}`));
        return 0;
      });
    }
    const { approveUpdate } = await import('../engine/update/approve.ts');
    const { fixAnnotation } = await import('../resources/metadata.ts');
    return await withConnection<ExitCode>(connectionOf(options), async ({ namespace, ...context }) => {
      const update = { namespace: options.text('namespace') ?? namespace, name };
      const { by, approvals } = await approveUpdate(context, update, signal);
      if (options.flag('fix')) {
        await context.records.annotateUpdate(update, { [fixAnnotation]: by }, signal);
      }
      print(harmless(`Update ${name} is approved by ${by}; so far: ${approvals.join(', ')}`));
      return 0;
    });
  },
};

export const rejectCommand: Command = {
  name: 'reject',
  summary:
    'Reject the versions of an Update that has not begun; they are not taken again until the Rejection is deleted.',
  arguments: [{ syntax: '<update>', description: 'the Update' }],
  options: [
    ...connectionOptions,
    namespaceOption,
    { flags: '--reason <text>', description: 'why, for the record', default: 'rejected by hand' },
  ],
  async run({ arguments: [name], options, print, signal }) {
    if (name === undefined) {
      throw usageError('reject: name the Update');
    }
    const { withConnection } = await import('../app/commands/connect.ts');
    const { rejectUpdate } = await import('../engine/update/approve.ts');
    return await withConnection<ExitCode>(connectionOf(options), async ({ namespace, ...context }) => {
      const update = { namespace: options.text('namespace') ?? namespace, name };
      const rejected = await rejectUpdate(context, update, options.given('reason'), signal);
      print(harmless(`Update ${name} ends; rejected: ${rejected.join(', ')}`));
      return 0;
    });
  },
};
