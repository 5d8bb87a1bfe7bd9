/** What the Jobs of a checkpoint are told. */

import type { Version } from '../../core/update/version-change.ts';
import type { UpdateObjectWire } from '../../resources/update/decode-update.ts';
import { changesOf } from '../../resources/update/decode-update.ts';

/**
 * The environment of backup, restore and drill Jobs; docs/guide/backup.md lists it.
 *
 * @param checkpoint id of the checkpoint that is made or brought back
 * @param kept ids of the checkpoints that must stay, among them this one
 */
export function jobEnvironment(
  { metadata, spec }: UpdateObjectWire,
  checkpoint: string,
  kept: readonly string[],
): Readonly<Record<string, string>> {
  const changes = changesOf(spec);
  const [first] = changes;
  const all = (side: 'from' | 'to') => changes.map((change) => `${change.source}=${say(change[side])}`).join(',');
  return {
    HEADGATE_APP: spec.app,
    HEADGATE_NAMESPACE: metadata.namespace,
    HEADGATE_UPDATE: metadata.name,
    HEADGATE_CHECKPOINT: checkpoint,
    HEADGATE_KEEP: kept.join(' '),
    HEADGATE_FROM_VERSION: say(first?.from),
    HEADGATE_TO_VERSION: say(first?.to),
    HEADGATE_FROM: all('from'),
    HEADGATE_TO: all('to'),
  };
}

function say(version: Version | undefined): string {
  return version?.tag ?? version?.digest ?? '';
}
