import type { Version } from '../../../core/update/version-change.ts';
import { changesOf, type UpdateObjectWire } from '../../../resources/update/decode-update.ts';

/** Versions of a source that the Updates of its App moved to or from, the newest first: they know tag and digest of what they wrote. */
export function knownVersions(updates: readonly UpdateObjectWire[], source: string): readonly Version[] {
  return updates
    .flatMap((update) => changesOf(update.spec))
    .filter((change) => change.source === source)
    .flatMap(({ to, from }) => [to, from]);
}
