import { whySentence } from '../core/app/why.ts';
import { sayVersion } from '../resources/app-status.ts';
import type { AppObjectWire } from '../resources/decode-app.ts';
import { changesOf, type UpdateObjectWire } from '../resources/decode-update.ts';
import { appCommand } from './one-object.ts';
import { harmless } from './table.ts';

export const whyCommand = appCommand({
  name: 'why',
  summary: 'Say in one sentence what an App runs, and why it does not move.',
  show: (app, updates) => harmless(sayWhy(app, updates[0])),
  toJson: (app, updates) => ({ why: sayWhy(app, updates[0]) }),
});

/** @param last the last Update of the App */
export function sayWhy({ metadata, status }: AppObjectWire, last: UpdateObjectWire | undefined): string {
  return whySentence({
    name: metadata.name,
    current: status?.current ?? '',
    available: status?.available ?? '',
    waiting: status?.waiting,
    update: last && {
      name: last.metadata.name,
      phase: last.status?.phase ?? 'Pending',
      brings: changesOf(last.spec)
        .map(({ to }) => sayVersion(to))
        .join(', '),
      waiting: last.status?.waiting,
      failure: last.status?.failure?.message,
    },
  });
}
