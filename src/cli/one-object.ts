/** Commands that show one App or one Update. */
import type { AppObjectWire } from '../resources/app/decode-app.ts';
import type { UpdateObjectWire } from '../resources/update/decode-update.ts';
import {
  type Command,
  connectionOf,
  connectionOptions,
  type ExitCode,
  namespaceOption,
  usageError,
} from './command.ts';
import { formOf, formOption } from './forms.ts';

export interface AppQuestion {
  readonly name: string;
  readonly summary: string;
  /** @param updates those of the App, newest first */
  readonly show: (app: AppObjectWire, updates: readonly UpdateObjectWire[]) => string;
  readonly toJson: (app: AppObjectWire, updates: readonly UpdateObjectWire[]) => unknown;
}

export function appCommand({ name: command, summary, show, toJson }: AppQuestion): Command {
  return {
    name: command,
    summary,
    arguments: [{ syntax: '<app>', description: 'the App' }],
    options: [...connectionOptions, namespaceOption, formOption],
    async run({ arguments: [name], options, print, signal }) {
      if (name === undefined) {
        throw usageError(`${command}: name the App`);
      }
      const { withConnection } = await import('../app/commands/connect.ts');
      const { requireApp } = await import('../engine/update/approve.ts');
      return await withConnection<ExitCode>(connectionOf(options), async ({ records, namespace }) => {
        const asked = { namespace: options.text('namespace') ?? namespace, name };
        const app = await requireApp(records, asked, signal);
        const updates = await records.readUpdates({ namespace: asked.namespace, app: name }, signal);
        print(formOf(options, { text: () => show(app, updates), json: () => toJson(app, updates) }));
        return 0;
      });
    },
  };
}

/** @throws USAGE when there is none */
export function requireUpdate(
  update: UpdateObjectWire | undefined,
  { namespace, name }: { readonly namespace: string; readonly name: string },
): UpdateObjectWire {
  if (!update) {
    throw usageError(`there is no Update ${namespace}/${name}`);
  }
  return update;
}
