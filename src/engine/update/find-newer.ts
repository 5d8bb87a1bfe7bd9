import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';
import type { Records } from '../ports/records.ts';

/** A version newer than this Update's; believed only from the App as the API server has it. */
export async function findNewer(
  records: Records,
  update: UpdateObjectWire,
  signal: AbortSignal,
): Promise<string | undefined> {
  // What somebody named is not given up for what the policy prefers.
  if (update.spec.trigger.kind !== 'Source') {
    return undefined;
  }
  const { namespace } = update.metadata;
  const suspected = newerThan(update, records.findApp(namespace, update.spec.app));
  return suspected && newerThan(update, await records.readApp(namespace, update.spec.app, signal));
}

function newerThan(update: UpdateObjectWire, app: ReturnType<Records['findApp']>): string | undefined {
  for (const change of update.spec.changes) {
    const available = app?.status?.sources?.find((source) => source.name === change.source)?.available;
    if (available?.digest !== undefined && available.digest !== change.to.digest) {
      return `${change.source} ${available.tag ?? available.digest}`;
    }
  }
  return undefined;
}
