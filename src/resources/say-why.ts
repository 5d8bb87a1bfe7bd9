/** Why an App does not move, from the objects as they are. */
import { whySentence } from '../core/app/why.ts';
import { sayVersion } from './app/app-status.ts';
import type { AppObjectWire } from './app/decode-app.ts';
import { changesOf, type UpdateObjectWire } from './update/decode-update.ts';

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
